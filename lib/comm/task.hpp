// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace rondo::comm {

/// A collective algorithm under way: a coroutine that suspends where a blocking one would wait, so
/// that waiting callers, hooks and a progress thread can all advance it. Algorithms await messages
/// (Channel::done), conditions and other tasks; a task starts when it is awaited.
///
/// A coroutine's reference parameters must outlive it: await the call in the same expression.
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr error;

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Return {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> task) noexcept {
          return task.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Return{};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool ended() const noexcept { return handle_.done(); }
  void rethrow() const {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
  }
  std::coroutine_handle<> handle() const noexcept { return handle_; }

  /// Awaiting a task runs it to its end and throws what it threw.
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().continuation = caller;
    return handle_;
  }
  void await_resume() const { rethrow(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

class Runner;

/// Something that a task waits for: `co_await condition` goes on once it is ready, until when it
/// must live. \throws what ready() throws
class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool ready() = 0;
  /// For people, what is missing: "a message of 8 bytes from rank 3".
  virtual std::string describe() const = 0;

  bool await_ready() { return ready(); }
  void await_suspend(std::coroutine_handle<> task) noexcept;
  void await_resume() const noexcept {}

 protected:
  /// `runner` runs the task that awaits this.
  explicit Condition(Runner& runner) noexcept : runner_(runner) {}

 private:
  Runner& runner_;
};

/// Advances one task, and the tasks that it awaits, whenever it is asked to.
class Runner {
 public:
  void start(Task task) {
    task_ = std::move(task);
    next_ = task_->handle();
  }

  /// Runs on as far as nothing is to be waited for; true once the task has ended.
  /// \throws what the task, or the condition that it waits for, throws
  bool step();

  /// Destroys the task, ended or not.
  void reset() noexcept {
    task_.reset();
    waiting_ = nullptr;
  }

  bool ended() const noexcept { return task_->ended(); }

  /// Whether the last step() got anywhere.
  bool advanced() const noexcept { return advanced_; }

  std::string waiting_for() const {
    return waiting_ ? waiting_->describe() : std::string("nothing");
  }

  /// `task` goes on once `condition` is ready, which must live until then.
  void suspend(Condition& condition, std::coroutine_handle<> task) noexcept {
    waiting_ = &condition;
    next_ = task;
  }

 private:
  std::optional<Task> task_;
  std::coroutine_handle<> next_;
  Condition* waiting_ = nullptr;
  bool advanced_ = false;
};

inline void Condition::await_suspend(std::coroutine_handle<> task) noexcept {
  runner_.suspend(*this, task);
}

inline bool Runner::step() {
  advanced_ = false;
  while (!task_->ended()) {
    if (waiting_ != nullptr && !waiting_->ready()) return false;
    waiting_ = nullptr;
    advanced_ = true;
    next_.resume();
  }
  task_->rethrow();
  return true;
}

}  // namespace rondo::comm
