// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/inproc/inproc_world.hpp"

#include <algorithm>
#include <span>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "base/backoff.hpp"
#include "comm/cores.hpp"
#include "comm/outstanding.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {
namespace {

/// Numbers nodes in the order of their first ranks.
std::vector<int> renumbered(std::vector<int> nodes) {
  std::map<int, int> numbers;
  for (int& node : nodes)
    node = numbers.try_emplace(node, static_cast<int>(numbers.size())).first->second;
  return nodes;
}

std::vector<int> equal_nodes(int size, int ranks_per_node) {
  std::vector<int> nodes(static_cast<std::size_t>(size));
  for (int rank = 0; rank < size; ++rank)
    nodes[static_cast<std::size_t>(rank)] = rank / ranks_per_node;
  return nodes;
}

/// Sends copy at once; receives copy in test(), on the receiver's thread, so nobody else ever
/// writes to a buffer.
class InprocTransport final : public Transport {
 public:
  InprocTransport(InprocWorld& world, int rank)
      : world_(world),
        rank_(rank),
        is_crowded_(static_cast<std::size_t>(world.size()) > own_cores().count()) {}

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return world_.size(); }
  std::span<const int> nodes() const noexcept override { return world_.nodes(); }

  bool is_crowded() const noexcept override { return is_crowded_; }

  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    world_.put(rank_, peer, tag, {bytes.begin(), bytes.end()});
    return next_ticket_++;
  }

  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    return post({peer, tag}, {next_ticket_, bytes, nullptr});
  }

  Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                            std::size_t& length) override {
    return post({peer, tag}, {next_ticket_, room, &length});
  }

  bool test(Ticket ticket) override {
    const auto receive = receives_.find(ticket);
    if (receive == receives_.end()) return true;
    // Messages belong to the receives of their sender and tag in the order of posting.
    const Source source = receive->second.source;
    auto& posted = posted_[source];
    while (!posted.empty() && posted.front().ticket <= ticket) {
      if (!deliver(source, posted.front())) return false;
      posted.pop_front();
    }
    receives_.erase(receive);
    return true;
  }

  std::string describe(Ticket ticket) const override {
    const auto receive = receives_.find(ticket);
    if (receive == receives_.end()) return "a message that is through";
    return fmt::format("a message of {} from rank {}", comm::describe(receive->second.length),
                       receive->second.source.first);
  }

  std::string describe_outstanding() const override {
    Outstanding outstanding;
    for (const auto& [ticket, receive] : receives_)
      outstanding.add(Outstanding::Direction::from, receive.source.first, receive.length);
    return outstanding.describe();
  }

  void abandon() noexcept override {
    posted_.clear();
    receives_.clear();
  }

  std::unique_ptr<Transport> split(int color, int key) override {
    const auto wishes = exchange_wishes({color, key});
    const int split = splits_++;
    if (color < 0) return nullptr;
    std::vector<int> members;
    for (int rank = 0; rank < size(); ++rank) {
      if (wishes[static_cast<std::size_t>(rank)].color == color) members.push_back(rank);
    }
    std::ranges::stable_sort(members, {},
                             [&](int rank) { return wishes[static_cast<std::size_t>(rank)].key; });
    const auto self = std::ranges::find(members, rank_);
    return world_.subworld(split, members).transport(static_cast<int>(self - members.begin()));
  }

 private:
  using Source = std::pair<int, int>;  // peer and tag
  struct Posted {
    Ticket ticket;
    std::span<std::byte> bytes;
    std::size_t* length;  // for the message's, which is known otherwise
  };
  struct Receive {
    Source source;
    MessageLength length;
  };
  struct Wish {
    int color;
    int key;
  };

  Ticket post(Source source, const Posted& receive) {
    posted_[source].push_back(receive);
    receives_[next_ticket_] = {
        source, {.bytes = receive.bytes.size(), .at_most = receive.length != nullptr}};
    return next_ticket_++;
  }

  /// False if the message has not come yet.
  bool deliver(Source source, const Posted& receive) {
    const int peer = source.first;
    const auto message = world_.take(peer, rank_, source.second);
    if (!message) return false;
    const std::size_t length = message->size();
    const std::size_t most = receive.bytes.size();
    if (length > most || (length < most && receive.length == nullptr))
      throw CommError(
          fmt::format("rank {} sent {} bytes where {} were expected", peer, length, most),
          ExitCode::internal);
    if (receive.length != nullptr) *receive.length = length;
    // GCC 12 makes of std::ranges::copy from const bytes a loop over them.
    std::copy(message->begin(), message->end(), receive.bytes.begin());
    return true;
  }

  /// Every rank's wish, by rank.
  std::vector<Wish> exchange_wishes(Wish own) {
    std::vector<Wish> wishes(static_cast<std::size_t>(size()));
    for (int peer = 0; peer < size(); ++peer)
      post_send(peer, split_tag, std::as_bytes(std::span(&own, 1)));
    for (int peer = 0; peer < size(); ++peer) {
      Wish& wish = wishes[static_cast<std::size_t>(peer)];
      const Ticket ticket =
          post_receive(peer, split_tag, std::as_writable_bytes(std::span(&wish, 1)));
      Backoff backoff(is_crowded());
      while (!test(ticket))
        backoff.pause();
    }
    return wishes;
  }

  InprocWorld& world_;
  int rank_;
  bool is_crowded_;
  int splits_ = 0;
  Ticket next_ticket_ = 0;
  std::map<Source, std::deque<Posted>> posted_;  // receives without their message
  std::map<Ticket, Receive> receives_;           // receives not tested successfully
};

}  // namespace

InprocWorld::InprocWorld(int size, int ranks_per_node)
    : InprocWorld(equal_nodes(size, ranks_per_node)) {}

InprocWorld::InprocWorld(std::vector<int> nodes)
    : nodes_(renumbered(std::move(nodes))), inboxes_(nodes_.size()) {
  for (Inbox& box : inboxes_)
    box.left.resize(inboxes_.size());
}

std::unique_ptr<Transport> InprocWorld::transport(int rank) {
  return std::make_unique<InprocTransport>(*this, rank);
}

void InprocWorld::put(int from, int to, int tag, Message message) {
  Inbox& box = inbox(to);
  const std::lock_guard lock(box.mutex);
  box.messages[{from, tag}].push_back(std::move(message));
}

std::optional<InprocWorld::Message> InprocWorld::take(int from, int to, int tag) {
  Inbox& box = inbox(to);
  const std::lock_guard lock(box.mutex);
  auto& messages = box.messages[{from, tag}];
  if (messages.empty()) {
    if (box.left[static_cast<std::size_t>(from)])
      throw CommError(fmt::format("rank {} has left", from));
    return std::nullopt;
  }
  Message message = std::move(messages.front());
  messages.pop_front();
  return message;
}

void InprocWorld::leave(int rank) {
  for (Inbox& box : inboxes_) {
    const std::lock_guard lock(box.mutex);
    box.left[static_cast<std::size_t>(rank)] = true;
  }
  const std::lock_guard lock(mutex_);
  for (auto& [split_members, world] : subworlds_) {
    const auto& members = split_members.second;
    const auto member = std::ranges::find(members, rank);
    if (member != members.end()) world->leave(static_cast<int>(member - members.begin()));
  }
}

InprocWorld& InprocWorld::subworld(int split, const std::vector<int>& members) {
  const std::lock_guard lock(mutex_);
  auto& world = subworlds_[{split, members}];
  if (!world) {
    std::vector<int> nodes;
    for (const int rank : members)
      nodes.push_back(nodes_[static_cast<std::size_t>(rank)]);
    world = std::make_unique<InprocWorld>(std::move(nodes));
  }
  return *world;
}

}  // namespace rondo::comm
