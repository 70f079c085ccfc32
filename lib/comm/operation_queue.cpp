// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/operation_queue.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.hpp"
#include "comm/late_error.hpp"

namespace rondo::comm {

using Clock = std::chrono::steady_clock;

OperationQueue::OperationQueue(std::unique_ptr<Transport> transport, CommunicatorOptions options,
                               std::function<void(const CommError&)> on_failure)
    : transport_(std::move(transport)),
      options_(std::move(options)),
      on_failure_(std::move(on_failure)) {}

OperationQueue::~OperationQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (server_.joinable()) server_.join();
}

void OperationQueue::require_alive(std::string_view what) const {
  if (failure_)
    throw CommError(fmt::format("{} on rank {}: the communicator ended with an earlier error: {}",
                                what, transport_->rank(), failure_->what()),
                    failure_->code());
}

std::shared_ptr<Operation> OperationQueue::push(
    const Call& call, std::function<Task(Channel&, const Signature&)> body) {
  auto operation = std::make_shared<Operation>(*transport_, scratch_);
  const std::lock_guard lock(mutex_);
  operation->signature = signature_of(call, next_sequence_++);
  if (failure_) require_alive(describe(operation->signature));
  operation->body = [body = std::move(body), &signature = operation->signature](Channel& channel) {
    return body(channel, signature);
  };
  waiting_.push_back(operation);
  if (options_.progress == Progress::thread) {
    if (!server_.joinable()) server_ = std::thread(&OperationQueue::serve, this);
    changed_.notify_all();
  }
  return operation;
}

/// It sleeps while somebody else executes, and while callers who wait do its work: waking it after
/// each of their polls would cost more than the polls.
void OperationQueue::wake_thread() {
  if (options_.progress == Progress::thread && waiting_callers_ == 0) changed_.notify_all();
}

bool OperationQueue::is_complete(const Operation& operation) {
  const std::lock_guard lock(mutex_);
  return operation.complete;
}

void OperationQueue::progress() {
  Lock lock(mutex_);
  while (!executing_ && !waiting_.empty()) {
    const auto front = waiting_.front();
    step_front(lock, Deadline::max());
    if (!front->complete) return;
  }
}

bool OperationQueue::advance_to(const Operation& operation) {
  progress();
  return is_complete(operation);
}

void OperationQueue::wait(Operation& operation, Deadline deadline) {
  Lock lock(mutex_);
  ++waiting_callers_;
  Backoff backoff(transport_->is_crowded());
  while (!operation.complete) {
    if (!executing_ && step_front(lock, deadline)) {
      backoff.reset();
    } else {
      lock.unlock();
      backoff.pause();
      lock.lock();
    }
  }
  --waiting_callers_;
  wake_thread();
  if (operation.error) throw CommError(*operation.error);
}

std::optional<std::uint32_t> OperationQueue::begin_inline() {
  const std::lock_guard lock(mutex_);
  if (failure_) require_alive(fmt::format("operation #{}", next_sequence_));
  if (executing_ || !waiting_.empty()) return std::nullopt;
  executing_ = true;
  return next_sequence_++;
}

void OperationQueue::end_inline() {
  const std::lock_guard lock(mutex_);
  executing_ = false;
  wake_thread();
}

CommError OperationQueue::fail_inline(const Signature& signature, const std::exception& error) {
  const CommError explained = explain(signature, error);
  const std::lock_guard lock(mutex_);
  executing_ = false;
  end_with(explained);
  return explained;
}

/// True if the operation got anywhere.
bool OperationQueue::step_front(Lock& lock, Deadline deadline) {
  const auto operation = waiting_.front();
  executing_ = true;
  lock.unlock();
  std::optional<CommError> error;
  bool ended = true;
  try {
    ended = step(*operation, deadline);
  } catch (const std::exception& e) {
    error = explain(operation->signature, e);
  }
  lock.lock();
  executing_ = false;
  wake_thread();
  if (ended) complete_front(error);
  return ended || operation->runner.advanced();
}

/// True once the operation has ended.
bool OperationQueue::step(Operation& operation, Deadline deadline) {
  if (operation.deadline == Deadline::max()) {
    operation.deadline = Clock::now() + options_.time_limit;
    operation.runner.start(operation.body(operation.channel));
  }
  if (operation.runner.step()) return true;
  // What it waits for may be no message: then nobody else looks after the transport.
  if (++idle_steps_ % 32 == 0) transport_->progress();
  if (Clock::now() < std::min(operation.deadline, deadline)) return false;
  throw late_error(operation.runner, *transport_, operation.signature);
}

CommError OperationQueue::explain(const Signature& signature, const std::exception& error) const {
  const auto* known = dynamic_cast<const CommError*>(&error);
  if (known != nullptr && known->code() == ExitCode::internal) return *known;
  return CommError(fmt::format("{} failed on rank {} of {}: {}", describe(signature),
                               transport_->rank(), transport_->size(), error.what()),
                   known != nullptr ? known->code() : ExitCode::internal);
}

void OperationQueue::complete_front(const std::optional<CommError>& error) {
  const auto operation = std::move(waiting_.front());
  waiting_.pop_front();
  operation->error = error;
  operation->complete = true;
  if (error) end_with(*error);
  operation->runner.reset();
}

void OperationQueue::end_with(const CommError& error) {
  on_failure_(error);
  transport_->abandon();
  scratch_.leak_from_now_on();
  failure_ = error;
  for (const auto& operation : waiting_) {
    operation->complete = true;
    operation->error.emplace(
        fmt::format("{} on rank {} was given up: {}", describe(operation->signature),
                    transport_->rank(), error.what()),
        error.code());
  }
  waiting_.clear();
}

void OperationQueue::serve() {
  Lock lock(mutex_);
  Backoff backoff(transport_->is_crowded());
  const auto has_work = [&] { return !executing_ && !waiting_.empty() && waiting_callers_ == 0; };
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || has_work(); });
    if (stopping_) return;
    if (step_front(lock, Deadline::max())) {
      backoff.reset();
      continue;
    }
    lock.unlock();
    backoff.pause();
    lock.lock();
  }
}

}  // namespace rondo::comm
