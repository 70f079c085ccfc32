// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "rondo/base/error.hpp"
#include "rondo/comm/communicator.hpp"

#include "comm/algorithms/channel.hpp"
#include "comm/signature.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {

/// One collective call, from its start to its end. The last two fields belong to the queue's lock.
struct Operation {
  Operation(Transport& transport, ScratchPool& scratch)
      : channel(transport, scratch, data_tag, runner) {}

  Signature signature;
  std::function<Task(Channel&)> body;
  Deadline deadline = Deadline::max();  ///< set when it starts
  Runner runner;
  Channel channel;
  bool complete = false;
  std::optional<CommError> error;
};

/// Executes the operations of one communicator one after another: by whoever waits or asks for
/// progress, and by a thread of its own with Progress::thread.
///
/// The first error ends the queue: what waits in it, and whatever is pushed later, fails with it.
/// Thread-safe; the transport is used by one thread at a time.
class OperationQueue {
 public:
  /// `on_failure` is told once, before the queue ends.
  OperationQueue(std::unique_ptr<Transport> transport, CommunicatorOptions options,
                 std::function<void(const CommError&)> on_failure);
  OperationQueue(const OperationQueue&) = delete;
  OperationQueue& operator=(const OperationQueue&) = delete;
  ~OperationQueue();

  Transport& transport() noexcept { return *transport_; }
  /// For whoever has claimed the queue.
  ScratchPool& scratch() noexcept { return scratch_; }
  const CommunicatorOptions& options() const noexcept { return options_; }

  /// Numbers the operation and queues it; `body(signature, channel)` makes its task, which checks
  /// the signature. \throws CommError  the queue has ended
  std::shared_ptr<Operation> push(const Call& call,
                                  std::function<Task(Channel&, const Signature&)> body);

  bool is_complete(const Operation& operation);

  /// Executes what is queued as far as nothing is to be waited for.
  void progress();

  /// As progress(); whether `operation` is complete.
  bool advance_to(const Operation& operation);

  /// Executes the queue up to `operation`, unless the thread does. \throws CommError as Work::wait
  void wait(Operation& operation, Deadline deadline);

  /// Claims the queue for one operation that its caller executes at once, without queueing it:
  /// returns its number, or nothing if something is queued. end_inline() must follow.
  /// \throws CommError  the queue has ended
  std::optional<std::uint32_t> begin_inline();
  void end_inline();
  /// The same after a failure: ends the queue and returns what to throw.
  CommError fail_inline(const Signature& signature, const std::exception& error);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void require_alive(std::string_view what) const;
  void wake_thread();
  bool step_front(Lock& lock, Deadline deadline);
  bool step(Operation& operation, Deadline deadline);
  CommError explain(const Signature& signature, const std::exception& error) const;
  void complete_front(const std::optional<CommError>& error);
  void end_with(const CommError& error);
  void serve();

  std::unique_ptr<Transport> transport_;
  ScratchPool scratch_;
  CommunicatorOptions options_;
  std::function<void(const CommError&)> on_failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Operation>> waiting_;
  bool executing_ = false;
  unsigned idle_steps_ = 0;  // of whoever executes
  int waiting_callers_ = 0;  // while there are any, the thread leaves the work to them
  bool stopping_ = false;
  std::uint32_t next_sequence_ = 0;
  std::optional<CommError> failure_;
  std::thread server_;
};

}  // namespace rondo::comm
