// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "rondo/base/device_stream.hpp"
#include "rondo/comm/communicator.hpp"

#include "comm/nccl/nccl_api.hpp"

namespace rondo::comm::nccl {

/// One rank's NCCL communicator, which never blocks: every call is polled to its end within the
/// time limit, every return code is looked at. The first error aborts it.
///
/// \throws CommError  from every member that calls NCCL: names rank, host, the call, what it was
///                    for, and NCCL's own words; after the first one, names that.
class Session {
 public:
  Session(const Api& api, Place place, std::chrono::milliseconds time_limit);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Aborts what is still open. Local.
  ~Session();

  /// Collective: joins the ranks that have the same `id`. The calling thread's GPU becomes theirs.
  void open(const UniqueId& id);
  /// Collective, once all work has run: finalises and destroys.
  void close();
  bool is_open() const noexcept { return handle_ != nullptr; }

  /// Runs `calls`, which queue(), between ncclGroupStart and ncclGroupEnd. May be nested.
  void group(const std::function<void()>& calls);

  /// `call`, say "ncclAllReduce", is made by `function(handle)` for `purpose`, "allreduce of ...".
  template <class Function>
  void queue(std::string_view call, std::string_view purpose, Function function) {
    require_alive();
    purpose_ = purpose;
    check(function(handle_), call);
    if (depth_ == 0) settle(call);
  }

  /// Blocks until all of the stream has run.
  /// \throws DeviceError  a kernel or copy failed; the communicator is then aborted
  void wait(DeviceStream& stream);

  /// Aborts, for that reason; later calls throw it.
  void abandon(const std::string& why) noexcept;

  const Api& api() const noexcept { return api_; }
  /// Null after an error or close().
  Handle handle() const noexcept { return handle_; }
  /// \throws CommError  it has failed, or was closed
  void require_alive() const;
  /// \throws CommError  unless it succeeded or goes on
  void check(Result result, std::string_view call);

 private:
  void settle(std::string_view call);
  Result state();
  [[noreturn]] void fail(std::string_view call, Result result);
  [[noreturn]] void fail(const std::string& problem);
  std::string subject(std::string_view call) const;

  const Api& api_;
  Place place_;
  std::chrono::milliseconds time_limit_;
  Handle handle_ = nullptr;
  int depth_ = 0;                      // of groups
  std::string purpose_ = "the start";  // of the last operation
  std::string failure_;                // the first one
};

}  // namespace rondo::comm::nccl
