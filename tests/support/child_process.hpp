// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <functional>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace rondo::test {

/// A child process of this one, in which `work` runs; killed, if it still is, by the destructor.
/// Only for tests without threads.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<void()>& work) : process_(::fork()) {
    if (process_ != 0) return;
    try {
      work();
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { kill(); }

  /// Waits for its end; whether `work` returned.
  bool succeeds() {
    int status = -1;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  /// As the system does when memory runs out.
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

 private:
  pid_t process_;
};

}  // namespace rondo::test
