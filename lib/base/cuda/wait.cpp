// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/wait.hpp"

#include <chrono>

#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/error.hpp"

#include "base/cuda/check.hpp"
#include "base/wait_until.hpp"

namespace rondo::cuda {
namespace {

constexpr const char* advice =
    "it hangs, is far too slow, or waits for a rank that is lost: see nvidia-smi and the system's "
    "log (Xid) for the GPU's state, and start again with --resume, on another GPU; work that takes "
    "longer needs a higher --time-limit (set_device_time_limit())";

[[noreturn]] void fail_hung(const std::string& subject, const LaunchTrail& trail,
                            std::chrono::milliseconds limit) {
  throw DeviceError(
      fmt::format("{} has not come to the end of its work {} within {} s: {}", subject,
                  trail.text(), std::chrono::duration<double>(limit).count(), advice),
      ExitCode::requeue);
}

}  // namespace

bool has_run(const Query& query, const LaunchTrail& trail) {
  const cudaError_t code = query.ask();
  if (code == cudaErrorNotReady) {
    cudaGetLastError();  // or whoever looks for a kernel's error finds this, which is none
    return false;
  }
  check(code, query.call, trail);
  return true;
}

void wait(const Query& query, const std::string& subject, const LaunchTrail& trail) {
  using std::chrono::milliseconds;
  const milliseconds limit = device_has_hung() ? milliseconds(0) : device_time_limit();
  if (wait_until([&] { return has_run(query, trail); }, limit)) return;
  give_up_devices();
  fail_hung(subject, trail, limit);
}

}  // namespace rondo::cuda
