// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/error.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// Some ranks of a transport under numbers of their own, for an algorithm that is a part of
/// another one. Messages are the whole transport's, with its tags.
class GroupTransport final : public Transport {
 public:
  /// `members`: their ranks in `whole`, in their new order; the calling rank is member `rank`.
  GroupTransport(Transport& whole, std::vector<int> members, int rank)
      : whole_(whole), members_(std::move(members)), nodes_(members_.size()), rank_(rank) {
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      nodes_[k] = static_cast<int>(k);
  }

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return static_cast<int>(members_.size()); }
  std::span<const int> nodes() const noexcept override { return nodes_; }

  bool is_crowded() const noexcept override { return whole_.is_crowded(); }

  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    return whole_.post_send(member(peer), tag, bytes);
  }
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    return whole_.post_receive(member(peer), tag, bytes);
  }
  Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                            std::size_t& length) override {
    return whole_.post_receive_up_to(member(peer), tag, room, length);
  }
  bool test(Ticket ticket) override { return whole_.test(ticket); }
  std::string describe(Ticket ticket) const override { return whole_.describe(ticket); }
  void progress() override { whole_.progress(); }
  void abandon() noexcept override { whole_.abandon(); }
  std::unique_ptr<Transport> split(int, int) override {
    throw UsageError("a group of ranks cannot be split: split the whole communicator");
  }

 private:
  int member(int rank) const { return members_[static_cast<std::size_t>(rank)]; }

  Transport& whole_;
  std::vector<int> members_;
  std::vector<int> nodes_;
  int rank_;
};

}  // namespace rondo::comm
