// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/simulation/simulated_rank.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::scaling {

SimulatedRank::SimulatedRank(World& world, int rank)
    : world_(world),
      rank_(rank),
      arithmetic_(clock_, world.machine().reduction_rate),
      scratch_(world.memory().scratch()) {}

comm::Transport::Ticket SimulatedRank::post_send(int peer, int tag,
                                                 std::span<const std::byte> bytes) {
  const bool inside =
      nodes()[static_cast<std::size_t>(peer)] == nodes()[static_cast<std::size_t>(rank_)];
  ++traffic_.messages;
  (inside ? traffic_.bytes_inside_node : traffic_.bytes_between_nodes) += bytes.size();
  clock_ += world_.network().speed(rank_, peer).overhead;

  const std::uint32_t ticket = slots_.add({.is_send = true, .peer = peer});
  Message message{.from = rank_, .to = peer, .tag = tag, .send = ticket, .bytes = bytes.size()};
  if (!world_.memory().contains(bytes.data())) message.letters.assign(bytes.begin(), bytes.end());
  world_.send(std::move(message), clock_);
  return ticket;
}

comm::Transport::Ticket SimulatedRank::post_receive(int peer, int tag, std::span<std::byte> bytes) {
  return post(peer, tag, {.peer = peer, .room = bytes});
}

comm::Transport::Ticket SimulatedRank::post_receive_up_to(int peer, int tag,
                                                          std::span<std::byte> room,
                                                          std::size_t& length) {
  return post(peer, tag, {.peer = peer, .room = room, .length = &length});
}

comm::Transport::Ticket SimulatedRank::post(int peer, int tag, const Slot& slot) {
  const std::uint32_t ticket = slots_.add(slot);
  slots_[ticket].overhead = world_.network().speed(peer, rank_).overhead;
  Letterbox& box = mailbox_.from(peer, tag);
  if (box.holds == Letterbox::Holds::messages) {
    Pool<Message>& messages = world_.messages();
    const std::uint32_t number = box.take(messages);
    deliver(messages[number], slots_[ticket], clock_);
    messages.remove(number);
  } else {
    box.put(Letterbox::Holds::receives, ticket, slots_);
  }
  return ticket;
}

bool SimulatedRank::test(Ticket ticket) {
  Slot& slot = slots_[ticket];
  if (slot.done <= clock_) {
    clock_ += slot.overhead;
    slots_.remove(ticket);
    return true;
  }
  slot.watched = true;
  interest_ = std::min(interest_, slot.done);
  return false;
}

std::string SimulatedRank::describe(Ticket ticket) const {
  const Slot& slot = slots_[ticket];
  return slot.is_send
             ? fmt::format("a message to rank {}", slot.peer)
             : fmt::format("a message of {}{} bytes from rank {}",
                           slot.length == nullptr ? "" : "at most ", slot.room.size(), slot.peer);
}

std::unique_ptr<comm::Transport> SimulatedRank::split(int, int) {
  throw UsageError("simulated ranks cannot be split: simulate a job of fewer ranks");
}

void SimulatedRank::go_on(double now) {
  if (ended()) return;
  clock_ = std::max(clock_, now);
  interest_ = never;
  if (!runner_.step() && interest_ < never) go_on_at(interest_);
}

void SimulatedRank::wake(double now) {
  if (now < next_wake_) return;  // an earlier one was asked for after it, and has come
  next_wake_ = never;
  go_on(now);
}

void SimulatedRank::go_on_at(double time) {
  if (time >= next_wake_) return;
  next_wake_ = time;
  world_.wake(rank_, time);
}

void SimulatedRank::departed(std::uint32_t ticket, double time) {
  slots_[ticket].done = time;
  if (slots_[ticket].watched) go_on_at(std::max(time, clock_));
}

void SimulatedRank::arrived(std::uint32_t number, double now) {
  Pool<Message>& messages = world_.messages();
  Letterbox& box = mailbox_.from(messages[number].from, messages[number].tag);
  if (box.holds != Letterbox::Holds::receives)
    return box.put(Letterbox::Holds::messages, number, messages);
  Slot& slot = slots_[box.take(slots_)];
  deliver(messages[number], slot, now);
  messages.remove(number);
  if (!slot.watched) return;
  clock_ > now ? go_on_at(clock_) : go_on(now);
}

void SimulatedRank::deliver(const Message& message, Slot& slot, double time) const {
  const std::size_t room = slot.room.size();
  if (message.bytes > room || (message.bytes < room && slot.length == nullptr))
    throw CommError(fmt::format("rank {} sent {} bytes where {} were expected by rank {}",
                                message.from, message.bytes, room, rank_),
                    ExitCode::internal);
  if (slot.length != nullptr) *slot.length = message.bytes;
  std::ranges::copy(message.letters, slot.room.begin());
  slot.done = time;
}

}  // namespace rondo::scaling
