// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/inproc/inproc_world.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::comm {
namespace {

/// Sends copy at once; receives copy in wait(), on the receiver's thread, so nobody else ever
/// writes to a buffer.
class InprocTransport final : public Transport {
 public:
  InprocTransport(InprocWorld& world, int rank) : world_(world), rank_(rank) {}

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return world_.size(); }

  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    world_.put(rank_, peer, tag, {bytes.begin(), bytes.end()});
    return next_ticket_++;
  }

  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    posted_[{peer, tag}].push_back({next_ticket_, bytes});
    receives_[next_ticket_] = {peer, tag};
    return next_ticket_++;
  }

  void wait(Ticket ticket, Deadline deadline) override {
    const auto receive = receives_.find(ticket);
    if (receive == receives_.end()) return;
    try {
      // Messages belong to the receives of their sender and tag in the order of posting.
      auto& posted = posted_[receive->second];
      while (!posted.empty() && posted.front().ticket <= ticket) {
        deliver(receive->second, posted.front().bytes, deadline);
        posted.pop_front();
      }
    } catch (const CommError&) {
      abandon();
      throw;
    }
    receives_.erase(receive);
  }

  void abandon() noexcept override {
    posted_.clear();
    receives_.clear();
  }

 private:
  using Source = std::pair<int, int>;  // peer and tag
  struct Posted {
    Ticket ticket;
    std::span<std::byte> bytes;
  };

  void deliver(Source source, std::span<std::byte> bytes, Deadline deadline) {
    const int peer = source.first;
    const auto message = world_.take(peer, rank_, source.second, deadline);
    if (!message)
      throw CommError(fmt::format(
          "no message of {} bytes came from rank {} in time: is it stopped, or far behind?",
          bytes.size(), peer));
    if (message->size() != bytes.size())
      throw CommError(fmt::format("rank {} sent {} bytes where {} were expected", peer,
                                  message->size(), bytes.size()),
                      ExitCode::internal);
    std::ranges::copy(*message, bytes.begin());
  }

  InprocWorld& world_;
  int rank_;
  Ticket next_ticket_ = 0;
  std::map<Source, std::deque<Posted>> posted_;  // receives without their message
  std::map<Ticket, Source> receives_;            // receives not waited for
};

}  // namespace

InprocWorld::InprocWorld(int size) : size_(size), inboxes_(static_cast<std::size_t>(size)) {
  for (Inbox& box : inboxes_)
    box.left.resize(inboxes_.size());
}

std::unique_ptr<Transport> InprocWorld::transport(int rank) {
  return std::make_unique<InprocTransport>(*this, rank);
}

void InprocWorld::put(int from, int to, int tag, Message message) {
  Inbox& box = inbox(to);
  {
    const std::lock_guard lock(box.mutex);
    box.messages[{from, tag}].push_back(std::move(message));
  }
  box.changed.notify_all();
}

std::optional<InprocWorld::Message> InprocWorld::take(int from, int to, int tag,
                                                      Deadline deadline) {
  Inbox& box = inbox(to);
  std::unique_lock lock(box.mutex);
  auto& messages = box.messages[{from, tag}];
  const auto sender_left = [&] { return box.left[static_cast<std::size_t>(from)]; };
  const bool in_time =
      box.changed.wait_until(lock, deadline, [&] { return !messages.empty() || sender_left(); });
  if (!in_time) return std::nullopt;
  if (messages.empty()) throw CommError(fmt::format("rank {} has left", from));
  Message message = std::move(messages.front());
  messages.pop_front();
  return message;
}

void InprocWorld::leave(int rank) {
  for (Inbox& box : inboxes_) {
    {
      const std::lock_guard lock(box.mutex);
      box.left[static_cast<std::size_t>(rank)] = true;
    }
    box.changed.notify_all();
  }
}

}  // namespace rondo::comm
