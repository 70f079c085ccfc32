// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::test {

/// What goes wrong, decided by `seed` for each message that is sent.
struct Faults {
  std::uint64_t seed = 0;
  double cut = 0;  ///< share of messages with which a link dies: they and all later ones look sent
  double delay = 0;  ///< share of messages that are sent late
  std::chrono::microseconds delay_by{500};
  int sends_until_loss = -1;  ///< from then on every call fails; -1: never
};

/// A transport that loses, delays and breaks off by plan. Within the contract: messages do not
/// overtake one another, so a lost one takes those behind it along.
class FaultyTransport final : public comm::Transport {
 public:
  FaultyTransport(std::unique_ptr<comm::Transport> inner, Faults faults)
      : inner_(std::move(inner)), faults_(faults), random_(faults.seed) {}

  int rank() const noexcept override { return inner_->rank(); }
  int size() const noexcept override { return inner_->size(); }

  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    if (faults_.sends_until_loss == 0) throw comm_lost();
    if (faults_.sends_until_loss > 0) --faults_.sends_until_loss;
    if (happens(faults_.delay)) std::this_thread::sleep_for(faults_.delay_by);
    if (happens(faults_.cut)) cut_.insert(peer);
    return cut_.contains(peer) ? lost : inner_->post_send(peer, tag, bytes);
  }
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    return inner_->post_receive(peer, tag, bytes);
  }
  std::span<const int> nodes() const noexcept override { return inner_->nodes(); }
  bool test(Ticket ticket) override { return ticket == lost || inner_->test(ticket); }
  std::string describe(Ticket ticket) const override { return inner_->describe(ticket); }
  std::string describe_outstanding() const override { return inner_->describe_outstanding(); }
  std::unique_ptr<comm::Transport> split(int color, int key) override {
    return inner_->split(color, key);
  }
  void abandon() noexcept override { inner_->abandon(); }

 private:
  static constexpr Ticket lost = ~Ticket{0};

  static CommError comm_lost() { return CommError("planned loss of the connection"); }
  bool happens(double probability) { return std::bernoulli_distribution(probability)(random_); }

  std::unique_ptr<comm::Transport> inner_;
  Faults faults_;
  std::mt19937_64 random_;
  std::set<int> cut_;  // peers that nothing reaches any more
};

}  // namespace rondo::test
