// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/base/exit_code.hpp"
#include "rondo/comm/communicator.hpp"

#include "base/wait_until.hpp"

namespace rondo::comm {

/// "rank 3 of 8 on host n2": how errors of a DeviceCommunicator begin.
std::string origin_of(const Place& place);

/// "120 s", "0.5 s".
std::string seconds_text(std::chrono::milliseconds duration);

/// How a DeviceCommunicator without NCCL waits for its GPU, and its first failure. No kernel waits
/// for another rank: one that does not end hangs.
class DeviceWait {
 public:
  /// `device` must outlive this.
  DeviceWait(const Place& place, const Device& device, std::chrono::milliseconds time_limit)
      : place_(place), device_(device), time_limit_(time_limit) {}

  /// Until `is_there()`; `what()` is it, for people. \throws CommError  the GPU is then given up
  template <class Predicate, class What>
  void until(Predicate is_there, What what) {
    const auto limit = std::min(time_limit_, device_time_limit());
    if (wait_until(is_there, device_has_hung() ? std::chrono::milliseconds(0) : limit)) return;
    give_up_devices();
    fail(fmt::format(
        "{} has not come to the end of {} within {}: a kernel is stuck; see nvidia-smi and the "
        "system's log (Xid) for the GPU's state, and start again with --resume, on another GPU",
        device_.text(), what(), seconds_text(limit)));
  }

  /// Until all that `stream` was given has run. \throws as until(), DeviceError
  void until_done(DeviceStream& stream);

  /// \throws CommError  always, and from then on from require_alive()
  [[noreturn]] void fail(const std::string& problem, ExitCode code = ExitCode::requeue);
  bool has_failed() const noexcept { return !failure_.empty(); }
  void require_alive() const;

 private:
  Place place_;
  const Device& device_;
  std::chrono::milliseconds time_limit_;
  std::string failure_;  // the first one
};

}  // namespace rondo::comm
