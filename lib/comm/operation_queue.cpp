// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/operation_queue.hpp"

#include <utility>

#include <fmt/format.h>

#include "comm/tags.hpp"

namespace rondo::comm {

OperationQueue::OperationQueue(std::unique_ptr<Transport> transport, CommunicatorOptions options)
    : transport_(std::move(transport)), options_(options) {}

OperationQueue::~OperationQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (server_.joinable()) server_.join();
}

std::shared_ptr<Operation> OperationQueue::push(Signature signature,
                                                std::function<void(Channel&)> body) {
  auto operation = std::make_shared<Operation>();
  const std::lock_guard lock(mutex_);
  signature.sequence = next_sequence_++;
  if (failure_)
    throw CommError(fmt::format("{} on rank {}: the communicator ended with an earlier error: {}",
                                describe(signature), rank(), failure_->what()),
                    failure_->code());
  operation->signature = signature;
  operation->body = std::move(body);
  waiting_.push_back(operation);
  if (options_.progress == Progress::thread) {
    if (!server_.joinable()) server_ = std::thread(&OperationQueue::serve, this);
    changed_.notify_all();
  }
  return operation;
}

bool OperationQueue::is_complete(const Operation& operation) {
  const std::lock_guard lock(mutex_);
  return operation.complete;
}

void OperationQueue::wait(Operation& operation, Deadline deadline) {
  Lock lock(mutex_);
  while (!operation.complete) {
    if (executing_)
      changed_.wait(lock);  // ends: the thread's operations have a deadline each
    else
      execute_front(lock, deadline);
  }
  if (operation.error) throw CommError(*operation.error);
}

void OperationQueue::execute_front(Lock& lock, Deadline deadline) {
  const auto operation = waiting_.front();
  executing_ = true;
  lock.unlock();
  std::optional<CommError> error;
  try {
    execute(*operation, deadline);
  } catch (const CommError& e) {
    error = e;
  }
  lock.lock();
  executing_ = false;
  waiting_.pop_front();
  operation->complete = true;
  operation->body = nullptr;
  operation->error = error;
  if (error) end_with(*error);
  changed_.notify_all();
}

void OperationQueue::execute(Operation& operation, Deadline deadline) {
  try {
    check_signature(*transport_, operation.signature, deadline);
    Channel channel(*transport_, data_tag, deadline);
    operation.body(channel);
  } catch (const CommError& e) {
    if (e.code() == ExitCode::internal) throw;
    throw CommError(failed(operation, e.what()), e.code());
  } catch (const std::exception& e) {
    transport_->abandon();
    throw CommError(failed(operation, e.what()), ExitCode::internal);
  }
}

std::string OperationQueue::failed(const Operation& operation, std::string_view why) const {
  return fmt::format("{} failed on rank {} of {}: {}", describe(operation.signature), rank(),
                     size(), why);
}

void OperationQueue::end_with(const CommError& error) {
  failure_ = error;
  for (const auto& operation : waiting_) {
    operation->complete = true;
    operation->body = nullptr;
    operation->error.emplace(fmt::format("{} on rank {} was given up: {}",
                                         describe(operation->signature), rank(), error.what()),
                             error.code());
  }
  waiting_.clear();
}

void OperationQueue::serve() {
  Lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || (!executing_ && !waiting_.empty()); });
    if (stopping_) return;
    execute_front(lock, std::chrono::steady_clock::now() + options_.time_limit);
  }
}

}  // namespace rondo::comm
