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

namespace rondo::comm {

/// One collective call, from its start to its end. Fields below `body` belong to the queue's lock.
struct Operation {
  Signature signature;
  std::function<void(Channel&)> body;
  bool complete = false;
  std::optional<CommError> error;
};

/// Executes the operations of one communicator one after another, each after its signature was
/// compared: by whoever waits, and by a thread of its own with Progress::thread.
///
/// The first error ends the queue: what waits in it, and whatever is pushed later, fails with it.
/// Thread-safe; the transport is used by one thread at a time.
class OperationQueue {
 public:
  OperationQueue(std::unique_ptr<Transport> transport, CommunicatorOptions options);
  OperationQueue(const OperationQueue&) = delete;
  OperationQueue& operator=(const OperationQueue&) = delete;
  ~OperationQueue();

  int rank() const noexcept { return transport_->rank(); }
  int size() const noexcept { return transport_->size(); }
  std::chrono::milliseconds time_limit() const noexcept { return options_.time_limit; }

  /// Numbers the operation and queues it. \throws CommError  the queue has ended
  std::shared_ptr<Operation> push(Signature signature, std::function<void(Channel&)> body);

  bool is_complete(const Operation& operation);

  /// Executes the queue up to `operation`, unless the thread does. \throws CommError as Work::wait
  void wait(Operation& operation, Deadline deadline);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void execute_front(Lock& lock, Deadline deadline);
  void execute(Operation& operation, Deadline deadline);
  std::string failed(const Operation& operation, std::string_view why) const;
  void end_with(const CommError& error);
  void serve();

  std::unique_ptr<Transport> transport_;
  CommunicatorOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Operation>> waiting_;
  bool executing_ = false;
  bool stopping_ = false;
  std::uint32_t next_sequence_ = 0;
  std::optional<CommError> failure_;
  std::thread server_;
};

}  // namespace rondo::comm
