// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/simulation/world.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "scaling/simulation/simulated_rank.hpp"

namespace rondo::scaling {

World::World(const Machine& machine, std::vector<int> nodes)
    : machine_(machine), nodes_(std::move(nodes)), network_(machine_, nodes_) {
  for (int rank = 0; rank < static_cast<int>(nodes_.size()); ++rank)
    ranks_.push_back(std::make_unique<SimulatedRank>(*this, rank));
}

World::~World() = default;

void World::run(const std::function<comm::Task(SimulatedRank&)>& program) {
  for (const auto& rank : ranks_)
    rank->start(program(*rank));
  for (const auto& rank : ranks_)
    rank->go_on(0);
  while (!events_.empty()) {
    const Event event = events_.take();
    now_ = event.time;
    handle(event);
  }
  require_all_ended();
}

void World::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::hop: return move_on(event.subject);
    case Event::Kind::arrival:
      return rank(messages_[event.subject].to).arrived(event.subject, event.time);
    case Event::Kind::wake: return ranks_[event.subject]->wake(event.time);
  }
}

void World::send(Message message, double time) {
  message.route = network_.route(message.from, message.to);
  message.tail = time;
  const std::uint32_t number = messages_.add(std::move(message));
  events_.add({time, Event::Kind::hop, number});
}

/// The message goes through the next port, or has come.
void World::move_on(std::uint32_t number) {
  Message& message = messages_[number];
  if (message.route.count == 0) {
    rank(message.from).departed(message.send, now_);
    return rank(message.to).arrived(number, now_);
  }
  const auto passage =
      network_.pass(message.route.ports[message.hop], message.bytes, now_, message.tail);
  message.tail = passage.tail;
  if (message.hop++ == 0) rank(message.from).departed(message.send, passage.gone);
  const bool is_last = message.hop == message.route.count;
  events_.add(is_last ? Event{passage.tail, Event::Kind::arrival, number}
                      : Event{passage.head, Event::Kind::hop, number});
}

void World::require_all_ended() const {
  const auto stuck = std::ranges::find_if_not(ranks_, [](const auto& r) { return r->ended(); });
  if (stuck == ranks_.end()) return;
  throw CommError(fmt::format("rank {} waits for {}, which will not come", (*stuck)->rank(),
                              (*stuck)->waiting_for()),
                  ExitCode::internal);
}

}  // namespace rondo::scaling
