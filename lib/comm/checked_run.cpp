// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/checked_run.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "comm/tags.hpp"

namespace rondo::comm {
namespace {

/// A check and what must not have any effect unless it succeeds, under way at once.
///
/// Awaiting it goes on whenever one of them got further. \throws what the check throws
class SideBySide final : public Condition {
 public:
  SideBySide(Channel& channel, Runner& check, Runner& checked) noexcept
      : Condition(channel.runner()), channel_(channel), check_(check), checked_(checked) {}

  bool ended() const noexcept { return check_ended_ && checked_ended_; }

  /// What the other one threw, once both have ended.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

  bool ready() override {
    const bool checked_advanced = step_checked();
    check_ended_ = check_.step();
    return ended() || checked_advanced || check_.advanced();
  }
  std::string describe() const override {
    return check_ended_ ? checked_.waiting_for() : check_.waiting_for();
  }

 private:
  /// Its error is kept: where ranks make different calls, it is only an effect of that.
  bool step_checked() {
    if (checked_ended_) return false;
    try {
      checked_ended_ = checked_.step();
    } catch (...) {
      error_ = std::current_exception();
      checked_ended_ = true;
      channel_.forget_scratch();  // the check goes on, and so may receives of the other
    }
    return checked_ended_ || checked_.advanced();
  }

  Channel& channel_;
  Runner& check_;
  Runner& checked_;
  bool check_ended_ = false;
  bool checked_ended_ = false;
  std::exception_ptr error_;
};

/// `call` with its output in `copy`, and its input too where both are the same memory.
Call moved_to(std::span<std::byte> copy, const Call& call, Arithmetic& arithmetic) {
  Call moved = call;
  moved.output = copy;
  if (call.input.data() == call.output.data()) {
    arithmetic.copy(call.input, copy);
    moved.input = copy;
  }
  return moved;
}

Task run_beside_check(Channel& channel, Signature signature, Call call, std::size_t room,
                      CallBody body) {
  Scratch memory = channel.scratch(call.output.size());
  const Call moved = moved_to(memory.bytes(), call, channel.arithmetic());
  Runner check;
  Runner checked;
  Channel check_channel = channel.on(check, signature_tag);
  Channel checked_channel = channel.on(checked);
  check.start(check_signature(check_channel, signature, room));
  checked.start(body(checked_channel, moved));

  SideBySide both(channel, check, checked);
  while (!both.ended())
    co_await both;
  both.rethrow();
  channel.arithmetic().copy(memory.bytes(), call.output);
}

}  // namespace

Task checked_run(Channel& channel, Signature signature, Call call, const TransportTuning& tuning,
                 CallBody body) {
  const bool is_short = call.output.size() <= tuning.copy_limit_bytes && channel.size() > 1;
  if (is_short && call.collective != Collective::barrier) {
    co_await run_beside_check(channel, signature, call, tuning.one_shot_bytes, std::move(body));
    co_return;
  }
  Channel check_channel = channel.on(channel.runner(), signature_tag);
  co_await check_signature(check_channel, signature, tuning.one_shot_bytes);
  co_await body(channel, call);
}

}  // namespace rondo::comm
