// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "comm/task.hpp"
#include "scaling/simulation/event_queue.hpp"
#include "scaling/simulation/mailbox.hpp"
#include "scaling/simulation/network.hpp"
#include "scaling/simulation/phantom_memory.hpp"
#include "scaling/simulation/pool.hpp"

namespace rondo::scaling {

class SimulatedRank;

/// A message under way.
struct Message {
  int from = 0;
  int to = 0;
  int tag = 0;
  std::uint32_t send = 0;  ///< the sender's ticket
  std::size_t bytes = 0;
  std::vector<std::byte> letters =
      {};  ///< what it says; empty if it is elements, which do not exist
  Route route = {};
  std::uint8_t hop = 0;
  std::uint32_t next = no_number;  ///< in its letterbox
  double tail = 0;                 ///< when its last byte is where its first one goes now
};

/// Ranks, a network and the virtual clock that all of them follow: a discrete-event simulation.
///
/// A rank runs until it must wait; its own clock runs ahead of the world's by what its work takes.
/// What it sends on the way leaves at its own time. It goes on at the first event that may let it.
class World {
 public:
  /// `nodes`: by rank, numbered in the order of their lowest ranks. \throws ConfigError
  World(const Machine& machine, std::vector<int> nodes);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  const Machine& machine() const noexcept { return machine_; }
  std::span<const int> nodes() const noexcept { return nodes_; }
  const PhantomMemory& memory() const noexcept { return memory_; }
  const Network& network() const noexcept { return network_; }
  double now() const noexcept { return now_; }
  std::uint64_t events() const noexcept { return events_.taken(); }
  SimulatedRank& rank(int rank) noexcept { return *ranks_[static_cast<std::size_t>(rank)]; }

  /// Runs what `program` returns on every rank, from time 0 on, to the end of all. Once only.
  /// \throws what a program throws; CommError  ranks wait for something that will not come
  void run(const std::function<comm::Task(SimulatedRank&)>& program);

  /// Of the ranks: a message leaves, a rank shall go on at `time`.
  void send(Message message, double time);
  /// Messages that have come, until their receivers remove them.
  Pool<Message>& messages() noexcept { return messages_; }
  void wake(int rank, double time) {
    events_.add({time, Event::Kind::wake, static_cast<std::uint32_t>(rank)});
  }

 private:
  void handle(const Event& event);
  void move_on(std::uint32_t number);
  void require_all_ended() const;

  Machine machine_;
  std::vector<int> nodes_;
  PhantomMemory memory_;
  Network network_;
  EventQueue events_;
  Pool<Message> messages_;
  std::vector<std::unique_ptr<SimulatedRank>> ranks_;
  double now_ = 0;
};

}  // namespace rondo::scaling
