// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "run/host_watch.hpp"

#include <system_error>
#include <utility>

namespace rondo::apps {
namespace {

std::uintmax_t size_of(const std::filesystem::path& file) {
  std::error_code none;
  const std::uintmax_t bytes = std::filesystem::file_size(file, none);
  return none ? 0 : bytes;
}

}  // namespace

HostWatch::HostWatch(std::filesystem::path metrics, std::chrono::duration<double> silence, Ask ask,
                     Clock::time_point now)
    : metrics_(std::move(metrics)),
      silence_(silence),
      ask_(std::move(ask)),
      bytes_(size_of(metrics_)),
      last_sign_(now) {}

std::vector<Host> HostWatch::lost(Clock::time_point now) {
  const std::uintmax_t bytes = size_of(metrics_);
  if (std::exchange(bytes_, bytes) != bytes) {
    last_sign_ = now;
    has_missed_ = false;
  }
  if (now - last_sign_ < silence_) return {};
  std::vector<Host> missing = ask_();
  // That all answer is as good a sign as a step: they are asked again after another silence.
  if (missing.empty()) last_sign_ = now;
  const bool twice = std::exchange(has_missed_, !missing.empty()) && has_missed_;
  return twice ? missing : std::vector<Host>{};
}

}  // namespace rondo::apps
