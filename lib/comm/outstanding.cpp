// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/outstanding.hpp"

#include <fmt/format.h>

namespace rondo::comm {

std::string describe(MessageLength length) {
  return fmt::format("{}{} bytes", length.at_most ? "up to " : "", length.bytes);
}

std::string Outstanding::describe() const {
  constexpr std::size_t most = 16;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [peer, sum] : by_peer_) {
    if (shown++ == most) return text + fmt::format(" and {} more", by_peer_.size() - most);
    const std::string messages =
        sum.messages == 1 ? "" : fmt::format("{} messages of ", sum.messages);
    const char* in_all = sum.messages == 1 ? "" : " in all";
    const char* direction = peer.first == Direction::from ? "from" : "to";
    text += fmt::format("{}{}{}{} {} rank {}", text.empty() ? "" : ", ", messages,
                        comm::describe(sum.length), in_all, direction, peer.second);
  }
  return text;
}

}  // namespace rondo::comm
