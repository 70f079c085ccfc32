// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// One operation's use of a Transport: its tag and its deadline. What an algorithm talks to.
class Channel {
 public:
  Channel(Transport& transport, int tag, Deadline deadline) noexcept
      : transport_(transport), tag_(tag), deadline_(deadline) {}

  int rank() const noexcept { return transport_.rank(); }
  int size() const noexcept { return transport_.size(); }
  /// The neighbours in the ring.
  int right() const noexcept { return (rank() + 1) % size(); }
  int left() const noexcept { return (rank() + size() - 1) % size(); }

  Transport::Ticket send(int peer, std::span<const std::byte> bytes) {
    return transport_.post_send(peer, tag_, bytes);
  }
  Transport::Ticket receive(int peer, std::span<std::byte> bytes) {
    return transport_.post_receive(peer, tag_, bytes);
  }
  /// \throws CommError as Transport::wait
  void wait(Transport::Ticket ticket) { transport_.wait(ticket, deadline_); }

 private:
  Transport& transport_;
  int tag_;
  Deadline deadline_;
};

}  // namespace rondo::comm
