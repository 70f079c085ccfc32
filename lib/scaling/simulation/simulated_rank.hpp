// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "rondo/comm/transport.hpp"
#include "rondo/scaling/simulation.hpp"

#include "comm/algorithms/channel.hpp"
#include "scaling/simulation/timed_arithmetic.hpp"
#include "scaling/simulation/world.hpp"

namespace rondo::scaling {

/// One rank of a world: its clock, and the transport that its tasks use.
class SimulatedRank final : public comm::Transport {
 public:
  /// `world` must outlive this.
  SimulatedRank(World& world, int rank);

  World& world() noexcept { return world_; }
  /// Seconds.
  double clock() const noexcept { return clock_; }
  void spend(double seconds) noexcept { clock_ += seconds; }
  const Traffic& traffic() const noexcept { return traffic_; }

  /// What its tasks talk to, under `tag`.
  comm::Channel channel(int tag) { return {*this, scratch_, tag, runner_, arithmetic_}; }

  comm::Runner& runner() noexcept { return runner_; }

  class Moment;
  /// `co_await rank.at(time)`: the clock has come to `time`.
  Moment at(double time) noexcept;

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return static_cast<int>(world_.nodes().size()); }
  std::span<const int> nodes() const noexcept override { return world_.nodes(); }
  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override;
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override;
  Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                            std::size_t& length) override;
  bool test(Ticket ticket) override;
  std::string describe(Ticket ticket) const override;
  void abandon() noexcept override {}
  std::unique_ptr<Transport> split(int color, int key) override;

  /// Of the world.
  void start(comm::Task program) { runner_.start(std::move(program)); }
  bool ended() const noexcept { return runner_.ended(); }
  std::string waiting_for() const { return runner_.waiting_for(); }
  /// The time is `now`: runs until it must wait.
  void go_on(double now);
  /// It shall go on at `time`, if not earlier.
  void go_on_at(double time);
  /// A wake that was asked for has come.
  void wake(double now);
  /// The message under `ticket` has left this rank at `time`.
  void departed(std::uint32_t ticket, double time);
  /// Message `number` of the world has come.
  void arrived(std::uint32_t number, double now);

 private:
  static constexpr double never = std::numeric_limits<double>::infinity();

  /// A message of this rank's.
  struct Slot {
    double done = never;  ///< when it is through
    double overhead = 0;  ///< seconds that its receiver spends on it
    bool is_send = false;
    bool watched = false;  ///< the task waits for it to be sent
    int peer = 0;
    std::uint32_t next = no_number;  ///< in its letterbox
    std::span<std::byte> room = {};  ///< of a receive
    std::size_t* length = nullptr;
  };

  Ticket post(int peer, int tag, const Slot& slot);
  void deliver(const Message& message, Slot& slot, double time) const;

  World& world_;
  int rank_;
  double clock_ = 0;
  double next_wake_ = never;  // asked for
  double interest_ = never;   // when something is through that the task waits for
  TimedArithmetic arithmetic_;
  comm::ScratchPool scratch_;
  comm::Runner runner_;
  Pool<Slot> slots_;
  Mailbox mailbox_;
  Traffic traffic_;
};

class SimulatedRank::Moment final : public comm::Condition {
 public:
  Moment(SimulatedRank& rank, double time) noexcept
      : Condition(rank.runner_), rank_(rank), time_(time) {}

  bool ready() override {
    if (rank_.clock_ >= time_) return true;
    rank_.interest_ = std::min(rank_.interest_, time_);
    return false;
  }
  std::string describe() const override { return "its time"; }

 private:
  SimulatedRank& rank_;
  double time_;
};

inline SimulatedRank::Moment SimulatedRank::at(double time) noexcept {
  return {*this, time};
}

}  // namespace rondo::scaling
