// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "run/metrics_tail.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace rondo::apps {
namespace {

constexpr std::uintmax_t remembered_bytes = 256;

std::string bytes_before(const std::filesystem::path& file, std::uintmax_t end) {
  const std::uintmax_t count = std::min(end, remembered_bytes);
  std::string bytes(count, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(end - count));
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

void take(const std::string& line, LifeSteps& steps) {
  const auto entry = nlohmann::json::parse(line, nullptr, false);
  if (!entry.is_object() || !entry.contains("step") || !entry["step"].is_number_unsigned()) return;
  const auto event = entry.value("event", nlohmann::json());
  if (event == "start") {
    steps.first = entry["step"].get<std::uint64_t>();
    steps.last = steps.first;
  } else if (event == "step") {
    steps.last = entry["step"].get<std::uint64_t>();
  } else if (event == "end" && entry.contains("stop") && entry["stop"].is_string()) {
    steps.stop = entry["stop"].get<std::string>();
  }
}

}  // namespace

MetricsTail::MetricsTail(std::filesystem::path file) : file_(std::move(file)) {
  std::error_code none;
  size_ = std::filesystem::file_size(file_, none);
  if (none) size_ = 0;
  last_bytes_ = bytes_before(file_, size_);
}

LifeSteps MetricsTail::read() const {
  std::ifstream stream(file_);
  if (bytes_before(file_, size_) == last_bytes_) stream.seekg(static_cast<std::streamoff>(size_));
  LifeSteps steps;
  for (std::string line; std::getline(stream, line);)
    take(line, steps);
  return steps;
}

}  // namespace rondo::apps
