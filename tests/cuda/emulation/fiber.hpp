// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>

#include <ucontext.h>

namespace cuda_emulation {

/// A function that can stop in its midst and go on later, on a stack of its own. Local; one thread
/// at a time. One that has not ended when it goes leaves its stack as it is.
class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next resume() begins it; `body` must live until it has ended.
  void start(const std::function<void()>& body);
  /// Returns when it has suspended itself or ended.
  void resume();
  /// From within: back to who resumed it.
  void suspend();
  bool ended() const noexcept { return ended_; }

 private:
  static constexpr std::size_t stack_bytes = 256 << 10;

  static void enter(unsigned upper, unsigned lower);
  void run();

  std::unique_ptr<std::array<std::byte, stack_bytes>> stack_;
  const std::function<void()>* body_ = nullptr;
  bool ended_ = true;
  ucontext_t own_{};
  ucontext_t caller_{};
  // What the address sanitizer wants to know of a change of stacks.
  void* own_frames_ = nullptr;
  void* caller_frames_ = nullptr;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
};

}  // namespace cuda_emulation
