// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>

#include "comm/algorithms/channel.hpp"

namespace rondo::comm::algorithms {

/// Bytes to be sent, and what keeps them if they are not the caller's own. Messages that carry the
/// same bytes share the memory.
struct Parcel {
  std::span<const std::byte> bytes;
  std::shared_ptr<Scratch> memory;
};

/// A task's messages to others: numbered as they are sent, kept until they are through.
class Outbox {
 public:
  explicit Outbox(Channel& channel) noexcept : channel_(channel) {}

  void send(int peer, Parcel parcel) {
    const auto ticket = channel_.send(peer, parcel.bytes);
    under_way_.push_back({ticket, std::move(parcel.memory)});
  }

  /// How many were sent.
  std::size_t count() const noexcept { return through_ + under_way_.size(); }

  /// Whether the first `count` messages were sent and are through: their bytes may change.
  bool through(std::size_t count) {
    while (!under_way_.empty() && through_ < count && channel_.test(under_way_.front().ticket)) {
      under_way_.pop_front();
      ++through_;
    }
    return through_ >= count;
  }

  std::string describe() const {
    return under_way_.empty() ? "the turn of an earlier message"
                              : channel_.describe(under_way_.front().ticket);
  }

 private:
  struct Message {
    Transport::Ticket ticket;
    std::shared_ptr<Scratch> memory;
  };

  Channel& channel_;
  std::deque<Message> under_way_;  // the oldest first
  std::size_t through_ = 0;
};

/// `co_await Sent(runner, outbox, count)`: the first `count` messages are through.
class Sent final : public Condition {
 public:
  Sent(Runner& runner, Outbox& outbox, std::size_t count) noexcept
      : Condition(runner), outbox_(outbox), count_(count) {}

  bool ready() override { return outbox_.through(count_); }
  std::string describe() const override { return outbox_.describe(); }

 private:
  Outbox& outbox_;
  std::size_t count_;
};

}  // namespace rondo::comm::algorithms
