// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "rondo/comm/transport.hpp"

#include "comm/arithmetic.hpp"
#include "comm/scratch.hpp"
#include "comm/task.hpp"

namespace rondo::comm {

/// One task's use of a Transport: its tag, its memory and its arithmetic. What an algorithm talks
/// to.
class Channel {
 public:
  /// All must outlive the channel; `runner` runs the task that awaits on it.
  Channel(Transport& transport, ScratchPool& scratch, int tag, Runner& runner,
          Arithmetic& arithmetic = kernel_arithmetic()) noexcept
      : transport_(transport),
        scratch_(scratch),
        tag_(tag),
        runner_(runner),
        arithmetic_(arithmetic) {}

  int rank() const noexcept { return transport_.rank(); }
  int size() const noexcept { return transport_.size(); }
  std::span<const int> nodes() const noexcept { return transport_.nodes(); }
  /// The neighbours in the ring.
  int right() const noexcept { return (rank() + 1) % size(); }
  int left() const noexcept { return (rank() + size() - 1) % size(); }

  Transport::Ticket send(int peer, std::span<const std::byte> bytes) {
    return transport_.post_send(peer, tag_, bytes);
  }
  Transport::Ticket receive(int peer, std::span<std::byte> bytes) {
    return transport_.post_receive(peer, tag_, bytes);
  }
  Transport::Ticket receive_up_to(int peer, std::span<std::byte> room, std::size_t& length) {
    return transport_.post_receive_up_to(peer, tag_, room, length);
  }

  /// As Transport does: whether the message is through, once; and what it is.
  bool test(Transport::Ticket ticket) { return transport_.test(ticket); }
  std::string describe(Transport::Ticket ticket) const { return transport_.describe(ticket); }

  class Completion;
  /// `co_await channel.done(ticket)`: the message's buffer may be read or used again.
  /// \throws CommError as Transport::test
  Completion done(Transport::Ticket ticket) noexcept;

  /// Memory to receive elements into; its contents are unspecified, and arithmetic()'s alone.
  Scratch scratch(std::size_t bytes) { return {scratch_, bytes}; }
  /// The same for what tasks tell each other, which they read and write themselves.
  Scratch letters(std::size_t bytes) { return {scratch_, bytes, Scratch::Use::letters}; }

  Arithmetic& arithmetic() noexcept { return arithmetic_; }

  /// A message may still come into memory that was scratch: none of it is used again.
  void forget_scratch() noexcept { scratch_.leak_from_now_on(); }

  Runner& runner() noexcept { return runner_; }

  Transport& transport() noexcept { return transport_; }
  /// The same task's use of another transport, with the same tag.
  Channel over(Transport& transport) noexcept {
    return {transport, scratch_, tag_, runner_, arithmetic_};
  }
  /// The same transport and tag for a task that another runner runs.
  Channel on(Runner& runner) noexcept { return {transport_, scratch_, tag_, runner, arithmetic_}; }
  Channel on(Runner& runner, int tag) noexcept {
    return {transport_, scratch_, tag, runner, arithmetic_};
  }

 private:
  Transport& transport_;
  ScratchPool& scratch_;
  int tag_;
  Runner& runner_;
  Arithmetic& arithmetic_;
};

class Channel::Completion final : public Condition {
 public:
  Completion(Channel& channel, Transport::Ticket ticket) noexcept
      : Condition(channel.runner_), transport_(channel.transport_), ticket_(ticket) {}

  bool ready() override { return transport_.test(ticket_); }
  std::string describe() const override { return transport_.describe(ticket_); }

 private:
  Transport& transport_;
  Transport::Ticket ticket_;
};

inline Channel::Completion Channel::done(Transport::Ticket ticket) noexcept {
  return {*this, ticket};
}

}  // namespace rondo::comm
