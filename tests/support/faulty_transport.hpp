// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::test {

/// What goes wrong, decided by `seed` for each message that is sent.
struct Faults {
  std::uint64_t seed = 0;
  double cut = 0;  ///< share of messages with which a link dies: they and all later ones look sent
  double delay = 0;      ///< share of messages that are held back, and with them those behind them
  int delay_polls = 30;  ///< for at most so many calls of test()
  double truncate = 0;   ///< share of messages that lose their last byte
  double close = 0;      ///< share of messages with which every connection closes: all calls fail
  int sends_until_loss = -1;  ///< from then on every call fails; -1: never
};

/// A transport that loses, delays, shortens and breaks off by plan.
///
/// Within the contract it is as unkind as may be: messages to different ranks, or with different
/// tags, overtake one another; what is sent late is read late, so a buffer that changes too early
/// shows; receives are written to as soon as their message is there, tested or not. Messages of one
/// rank and tag keep their order: a lost one takes those behind it along.
class FaultyTransport final : public comm::Transport {
 public:
  FaultyTransport(std::unique_ptr<comm::Transport> inner, Faults faults)
      : inner_(std::move(inner)), faults_(faults), random_(faults.seed) {}

  int rank() const noexcept override { return inner_->rank(); }
  int size() const noexcept override { return inner_->size(); }
  std::span<const int> nodes() const noexcept override { return inner_->nodes(); }
  bool is_crowded() const noexcept override { return inner_->is_crowded(); }

  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    if (faults_.sends_until_loss == 0 || happens(faults_.close)) closed_ = true;
    require_open();
    if (faults_.sends_until_loss > 0) --faults_.sends_until_loss;
    if (happens(faults_.cut)) cut_.insert(peer);
    if (happens(faults_.truncate) && !bytes.empty()) bytes = bytes.first(bytes.size() - 1);
    const int polls = happens(faults_.delay) ? delay() : 0;
    const Ticket ticket = next_++;
    if (cut_.contains(peer)) return ticket;
    held_[{peer, tag}].push_back({ticket, bytes, polls});
    under_way_.emplace(ticket, is_held);
    send_on();
    return ticket;
  }

  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    require_open();
    under_way_.emplace(next_, inner_->post_receive(peer, tag, bytes));
    return next_++;
  }

  Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                            std::size_t& length) override {
    require_open();
    under_way_.emplace(next_, inner_->post_receive_up_to(peer, tag, room, length));
    return next_++;
  }

  bool test(Ticket ticket) override {
    require_open();
    for (auto& [link, messages] : held_) {
      if (!messages.empty()) --messages.front().polls;
    }
    send_on();
    std::erase_if(under_way_, [&](const auto& message) {
      return message.second != is_held && inner_->test(message.second);
    });
    return !under_way_.contains(ticket);
  }

  std::string describe(Ticket ticket) const override {
    const auto message = under_way_.find(ticket);
    if (message == under_way_.end()) return "a message that is through";
    return message->second == is_held ? "a message held back" : inner_->describe(message->second);
  }
  std::string describe_outstanding() const override { return inner_->describe_outstanding(); }

  std::unique_ptr<comm::Transport> split(int color, int key) override {
    return inner_->split(color, key);
  }
  void abandon() noexcept override {
    held_.clear();
    under_way_.clear();
    inner_->abandon();
  }

 private:
  static constexpr Ticket is_held = ~Ticket{0};
  struct Held {
    Ticket ticket;
    std::span<const std::byte> bytes;
    int polls;  // until it is sent, once it is the first of its link
  };

  void require_open() const {
    if (closed_) throw CommError("planned loss of the connection");
  }
  bool happens(double share) { return share > 0 && std::bernoulli_distribution(share)(random_); }
  int delay() { return std::uniform_int_distribution(1, faults_.delay_polls)(random_); }

  void send_on() {
    for (auto& [link, messages] : held_) {
      for (; !messages.empty() && messages.front().polls <= 0; messages.pop_front()) {
        const Held& message = messages.front();
        under_way_[message.ticket] = inner_->post_send(link.first, link.second, message.bytes);
      }
    }
  }

  std::unique_ptr<comm::Transport> inner_;
  Faults faults_;
  std::mt19937_64 random_;
  bool closed_ = false;
  std::set<int> cut_;                                     // peers that nothing reaches any more
  std::map<std::pair<int, int>, std::deque<Held>> held_;  // by peer and tag
  std::map<Ticket, Ticket> under_way_;                    // by the inner ticket, or is_held
  Ticket next_ = 0;
};

}  // namespace rondo::test
