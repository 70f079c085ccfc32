// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "run/hosts.hpp"

namespace rondo::apps {

/// Finds out that a life has lost hosts, where its launcher does not: mpirun can wait for a quarter
/// of an hour for a host that no longer answers.
///
/// As long as the program's metrics grow nobody is asked anything. Once they have not grown for a
/// while, hosts that twice in a row do not answer are lost.
class HostWatch {
 public:
  using Clock = std::chrono::steady_clock;
  /// Asks the hosts of the life; those that do not answer.
  using Ask = std::function<std::vector<Host>()>;

  HostWatch(std::filesystem::path metrics, std::chrono::duration<double> silence, Ask ask,
            Clock::time_point now = Clock::now());

  /// The hosts that are lost. Call it every few seconds; it takes as long as asking does.
  std::vector<Host> lost(Clock::time_point now = Clock::now());

 private:
  std::filesystem::path metrics_;
  std::chrono::duration<double> silence_;
  Ask ask_;
  std::uintmax_t bytes_;
  Clock::time_point last_sign_;
  bool has_missed_ = false;  // the last time that the hosts were asked
};

}  // namespace rondo::apps
