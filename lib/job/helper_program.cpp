// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/helper_program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::job {
namespace {

using Clock = std::chrono::steady_clock;

/// The actions and attributes of a spawn, in one object that frees both.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t usual;
    sigemptyset(&usual);
    posix_spawnattr_setsigmask(&attributes_, &usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  /// The process, which leads a group of its own; -1 if it could not be started.
  pid_t start(const std::vector<std::string>& words, int output) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t process = -1;
    const int error =
        ::posix_spawnp(&process, arguments[0], &actions_, &attributes_, arguments.data(), environ);
    return error == 0 ? process : -1;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Appends what comes until the other end is closed; false if that took too long.
bool read_all(int descriptor, Clock::time_point end, std::string& text) {
  std::array<char, 4096> part{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::min<long>(left, 1'000'000)));
    if (count < 0 && errno != EINTR) return false;
    if (count <= 0) continue;
    const ssize_t length = ::read(descriptor, part.data(), part.size());
    if (length == 0) return true;
    if (length > 0) text.append(part.data(), static_cast<std::size_t>(length));
  }
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::optional<HelperResult> run_helper(const std::vector<std::string>& words,
                                       std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const FileDescriptor from(ends[0]);
  FileDescriptor to(ends[1]);
  const pid_t process = Spawn().start(words, to.get());
  if (process < 0) return std::nullopt;
  to = FileDescriptor();  // so that the end of the program ends the text

  HelperResult result;
  const bool in_time = read_all(from.get(), end, result.output);
  if (!in_time) ::kill(-process, SIGKILL);
  result.code = wait_for(process);
  return in_time ? std::optional(result) : std::nullopt;
}

}  // namespace rondo::job
