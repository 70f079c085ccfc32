// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace rondo::comm {

struct MessageLength {
  std::size_t bytes = 0;
  bool at_most = false;
};

/// "8 bytes", "up to 8 bytes".
std::string describe(MessageLength length);

/// Messages that did not come through, for people.
class Outstanding {
 public:
  enum class Direction : bool { from, to };

  void add(Direction direction, int peer, MessageLength length) {
    Sum& sum = by_peer_[{direction, peer}];
    ++sum.messages;
    sum.length.bytes += length.bytes;
    sum.length.at_most |= length.at_most;
  }

  /// "56 bytes from rank 1, 3 messages of 96 bytes in all to rank 2": every peer, the first 16 if
  /// there are more. Empty if nothing is outstanding.
  std::string describe() const;

 private:
  struct Sum {
    std::size_t messages = 0;
    MessageLength length;
  };
  std::map<std::pair<Direction, int>, Sum> by_peer_;
};

}  // namespace rondo::comm
