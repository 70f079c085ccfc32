// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/agreed_tuning.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "comm/run_to_end.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {
namespace {

constexpr const char* variable = "RONDO_TUNING";
constexpr std::size_t largest_file = std::size_t{1} << 20;

/// What rank 0 found, as it travels: one letter, and for a file its name, a zero and its text.
constexpr char is_unset = 'u';
constexpr char is_error = 'e';
constexpr char is_file = 'f';

std::string error(const std::string& file, const std::string& problem) {
  return fmt::format("{}{} is '{}': {}", is_error, variable, file, problem);
}

std::string read_environment() {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody changes it
  if (value == nullptr || *value == '\0') return {is_unset};
  const std::string file = value;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const std::error_code reason(errno, std::generic_category());
    return error(file, fmt::format("cannot open it: {}", reason.message()));
  }
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return error(file, "cannot read it; it must be a file of rondo-bench tune");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > largest_file)
    return error(file, fmt::format("it is longer than {} bytes: no tuning file is", largest_file));
  return is_file + file + '\0' + text;
}

/// Rank 0's `found` on every rank; the others' are empty.
Task share(Channel& channel, std::string& found) {
  Scratch head = channel.letters(sizeof(std::uint64_t));
  auto& length = *reinterpret_cast<std::uint64_t*>(head.bytes().data());
  length = found.size();
  co_await algorithms::broadcast(channel, Algorithm::tree, head.bytes(), 0);
  Scratch text = channel.letters(length);
  std::ranges::copy(std::as_bytes(std::span(found)), text.bytes().begin());
  co_await algorithms::broadcast(channel, Algorithm::tree, text.bytes(), 0);
  found.assign(reinterpret_cast<const char*>(text.bytes().data()), length);
}

}  // namespace

std::shared_ptr<const Tuning> agreed_tuning(Transport& transport,
                                            std::chrono::milliseconds time_limit) {
  std::string found;
  if (transport.rank() == 0) found = read_environment();
  run_to_end(transport, tuning_tag, std::chrono::steady_clock::now() + time_limit,
             [&](Channel& channel) { return share(channel, found); });
  if (found.front() == is_unset) return nullptr;
  if (found.front() == is_error) throw ConfigError(found.substr(1));
  const std::string file = found.c_str() + 1;
  return std::make_shared<const Tuning>(
      parse_tuning(std::string_view(found).substr(file.size() + 2), file));
}

}  // namespace rondo::comm
