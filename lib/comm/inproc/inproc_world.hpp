// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// The memory through which the ranks of one process exchange messages. Thread-safe.
class InprocWorld {
 public:
  using Message = std::vector<std::byte>;

  explicit InprocWorld(int size);

  int size() const noexcept { return size_; }

  /// Rank `rank`'s end of this world, which must outlive it.
  std::unique_ptr<Transport> transport(int rank);

  void put(int from, int to, int tag, Message message);

  /// The next message; nothing once the deadline has passed.
  /// \throws CommError  `from` has left and no message of its is there
  std::optional<Message> take(int from, int to, int tag, Deadline deadline);

  /// `rank` will send nothing more: whoever waits for it, now or later, gets a CommError.
  void leave(int rank);

 private:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::pair<int, int>, std::deque<Message>> messages;  // by sender and tag
    std::vector<bool> left;                                       // by sender
  };

  Inbox& inbox(int rank) { return inboxes_[static_cast<std::size_t>(rank)]; }

  int size_;
  std::vector<Inbox> inboxes_;
};

}  // namespace rondo::comm
