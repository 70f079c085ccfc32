// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/device_wait.hpp"

#include "rondo/base/error.hpp"
#include "rondo/base/host_name.hpp"

namespace rondo::comm {

std::string origin_of(const Place& place) {
  return fmt::format("rank {} of {} on host {}", place.rank, place.size, host_name());
}

std::string seconds_text(std::chrono::milliseconds duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

void DeviceWait::until_done(DeviceStream& stream) {
  until([&] { return stream.done(); },
        [&] { return fmt::format("its work {}", stream.trail().text()); });
}

void DeviceWait::fail(const std::string& problem, ExitCode code) {
  failure_ = fmt::format("{}: {}", origin_of(place_), problem);
  throw CommError(failure_, code);
}

void DeviceWait::require_alive() const {
  if (has_failed())
    throw CommError(
        fmt::format("{}: this communicator has failed before: {}", origin_of(place_), failure_));
}

}  // namespace rondo::comm
