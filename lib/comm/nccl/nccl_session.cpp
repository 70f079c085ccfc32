// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/nccl/nccl_session.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "comm/device_wait.hpp"

namespace rondo::comm::nccl {
namespace {

constexpr const char* advice = "NCCL_DEBUG=WARN in the environment makes NCCL say more";

/// Within which the work ends that waited for peers, once NCCL has given it up.
constexpr std::chrono::milliseconds time_to_end = std::chrono::seconds(10);

/// Whether it does; with an error, too. Else a kernel is stuck, and nothing must be freed.
bool ends(DeviceStream& stream, std::chrono::milliseconds time_limit) noexcept {
  const auto has_ended = [&] {
    try {
      return stream.done();
    } catch (const Error&) {
      return true;
    }
  };
  return wait_until(has_ended, std::min(time_limit, time_to_end));
}

}  // namespace

Session::Session(const Api& api, Place place, std::chrono::milliseconds time_limit)
    : api_(api), place_(place), time_limit_(time_limit) {}

Session::~Session() {
  if (is_open()) abandon("it was destroyed without close()");
}

void Session::open(const UniqueId& id) {
  const Result result = api_.comm_init_rank_config(&handle_, place_.size, id, place_.rank);
  check(result, "ncclCommInitRankConfig");
  settle("ncclCommInitRankConfig");
}

void Session::close() {
  require_alive();
  purpose_ = "the end";
  check(api_.comm_finalize(handle_), "ncclCommFinalize");
  settle("ncclCommFinalize");
  check(api_.comm_destroy(std::exchange(handle_, nullptr)), "ncclCommDestroy");
  failure_ = "it was closed";
}

void Session::group(const std::function<void()>& calls) {
  require_alive();
  if (depth_ == 0) check(api_.group_start(), "ncclGroupStart");
  ++depth_;
  try {
    calls();
  } catch (...) {
    abandon("a group of calls was left by an exception");
    throw;
  }
  require_alive();
  if (--depth_ > 0) return;
  check(api_.group_end(), "ncclGroupEnd");
  settle("ncclGroupEnd");
}

void Session::wait(DeviceStream& stream) {
  require_alive();
  // In this order: work that NCCL gave up ends, too.
  const auto has_run = [&] {
    const bool has_ended = stream.done();
    if (const Result result = state(); result != Result::success && result != Result::in_progress)
      fail("ncclCommGetAsyncError", result);
    return has_ended;
  };
  try {
    if (wait_until(has_run, time_limit_)) return;
  } catch (const DeviceError& error) {
    abandon(error.what());
    throw;
  }
  const std::string problem =
      fmt::format("{}: the GPU's work {} has not ended within {}, the last collective was {}: ",
                  origin_of(place_), stream.trail().text(), seconds_text(time_limit_), purpose_);
  abandon(problem + "it was given up");
  if (!ends(stream, time_limit_)) give_up_devices();
  throw CommError(problem + (device_has_hung()
                                 ? "the GPU hangs, since it goes on without NCCL, too; see "
                                   "nvidia-smi and the system's log (Xid) for its state"
                                 : "a peer is lost or late; look at the other ranks"));
}

void Session::abandon(const std::string& why) noexcept {
  if (failure_.empty()) failure_ = why;
  const Handle handle = std::exchange(handle_, nullptr);
  if (handle == nullptr || device_has_hung()) return;  // the abort would wait for the GPU
  if (std::exchange(depth_, 0) > 0) api_.group_end();  // what it begins is aborted, too
  const Result result = api_.comm_abort(handle);
  if (result != Result::success && result != Result::in_progress)
    log::warning(fmt::format("ncclCommAbort: {}", api_.get_error_string(result)));
}

void Session::require_alive() const {
  if (is_open()) return;
  throw CommError(fmt::format("{}: NCCL's communicator is gone, because {}", origin_of(place_),
                              failure_.empty() ? "it was never opened" : failure_));
}

void Session::check(Result result, std::string_view call) {
  if (result != Result::success && result != Result::in_progress) fail(call, result);
}

/// NCCL takes no other call before this one has ended.
void Session::settle(std::string_view call) {
  Result result = Result::in_progress;
  const auto has_ended = [&] {
    result = state();
    return result != Result::in_progress;
  };
  if (!wait_until(has_ended, time_limit_))
    fail(fmt::format("{} has not ended within {}: a peer is lost or late; look at the other ranks",
                     subject(call), seconds_text(time_limit_)));
  check(result, call);
}

Result Session::state() {
  Result error = Result::success;
  check(api_.comm_get_async_error(handle_, &error), "ncclCommGetAsyncError");
  return error;
}

void Session::fail(std::string_view call, Result result) {
  const std::string_view last = api_.get_last_error(handle_);
  fail(fmt::format("{}: {}{}{}: {}", subject(call), api_.get_error_string(result),
                   last.empty() ? "" : ": ", last, advice));
}

void Session::fail(const std::string& problem) {
  const std::string what = fmt::format("{}: {}", origin_of(place_), problem);
  abandon(what);
  throw CommError(what);
}

std::string Session::subject(std::string_view call) const {
  return fmt::format("{} ({})", call, purpose_);
}

}  // namespace rondo::comm::nccl
