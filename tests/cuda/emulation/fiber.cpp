// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "fiber.hpp"

#include <cstdint>

#include "sanitizer.hpp"

namespace cuda_emulation {

Fiber::Fiber() : stack_(new std::array<std::byte, stack_bytes>) {}

/// makecontext() passes ints only: the address comes in two halves.
void Fiber::enter(unsigned upper, unsigned lower) {
  const auto address = std::uint64_t{upper} << 32 | lower;
  reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(address))->run();
}

void Fiber::run() {
  after_switch(nullptr, &caller_stack_, &caller_stack_bytes_);
  (*body_)();
  ended_ = true;
  before_switch(nullptr, caller_stack_, caller_stack_bytes_);
  swapcontext(&own_, &caller_);
}

void Fiber::start(const std::function<void()>& body) {
  body_ = &body;
  ended_ = false;
  getcontext(&own_);
  own_.uc_stack.ss_sp = stack_->data();
  own_.uc_stack.ss_size = stack_->size();
  own_.uc_link = nullptr;
  const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
  makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
              static_cast<unsigned>(address >> 32), static_cast<unsigned>(address));
}

void Fiber::resume() {
  before_switch(&caller_frames_, stack_->data(), stack_->size());
  swapcontext(&caller_, &own_);
  after_switch(caller_frames_, nullptr, nullptr);
}

void Fiber::suspend() {
  before_switch(&own_frames_, caller_stack_, caller_stack_bytes_);
  swapcontext(&own_, &caller_);
  after_switch(own_frames_, &caller_stack_, &caller_stack_bytes_);
}

}  // namespace cuda_emulation
