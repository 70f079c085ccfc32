// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// The memory through which the ranks of one process exchange messages. Thread-safe.
class InprocWorld {
 public:
  using Message = std::vector<std::byte>;

  /// Every `ranks_per_node` consecutive ranks pretend to be on a node of their own.
  explicit InprocWorld(int size, int ranks_per_node = 1);
  explicit InprocWorld(std::vector<int> nodes);

  int size() const noexcept { return static_cast<int>(nodes_.size()); }
  std::span<const int> nodes() const noexcept { return nodes_; }

  /// Rank `rank`'s end of this world, which must outlive it.
  std::unique_ptr<Transport> transport(int rank);

  void put(int from, int to, int tag, Message message);

  /// The next message, if it is there. \throws CommError  it is not, and `from` has left
  std::optional<Message> take(int from, int to, int tag);

  /// `rank` will send nothing more: whoever waits for it, now or later, gets a CommError.
  void leave(int rank);

  /// The world of `members`, ranks of this one, in their new order: the same one for all who ask
  /// for split number `split`. It lives as long as this one.
  InprocWorld& subworld(int split, const std::vector<int>& members);

 private:
  struct Inbox {
    std::mutex mutex;
    std::map<std::pair<int, int>, std::deque<Message>> messages;  // by sender and tag
    std::vector<bool> left;                                       // by sender
  };
  using SplitMembers = std::pair<int, std::vector<int>>;

  Inbox& inbox(int rank) { return inboxes_[static_cast<std::size_t>(rank)]; }

  std::vector<int> nodes_;  // by rank
  std::vector<Inbox> inboxes_;
  std::mutex mutex_;
  std::map<SplitMembers, std::unique_ptr<InprocWorld>> subworlds_;
};

}  // namespace rondo::comm
