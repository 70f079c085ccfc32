// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "rondo/comm/transport.hpp"

namespace rondo::test {

/// Another's transport, which must outlive this, what is sent over it, and how often it is looked
/// after, which other threads may ask.
class CountingTransport final : public comm::Transport {
 public:
  explicit CountingTransport(comm::Transport& inner)
      : inner_(inner), bytes_sent_(static_cast<std::size_t>(inner.size())) {}

  std::size_t bytes_sent() const noexcept {
    return std::accumulate(bytes_sent_.begin(), bytes_sent_.end(), std::size_t{0});
  }
  /// The same by receiver.
  const std::vector<std::size_t>& bytes_sent_to() const noexcept { return bytes_sent_; }
  std::size_t messages_sent() const noexcept { return messages_sent_; }
  const std::atomic<int>& looks() const noexcept { return looks_; }

  int rank() const noexcept override { return inner_.rank(); }
  int size() const noexcept override { return inner_.size(); }
  std::span<const int> nodes() const noexcept override { return inner_.nodes(); }
  bool is_crowded() const noexcept override { return inner_.is_crowded(); }
  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    bytes_sent_[static_cast<std::size_t>(peer)] += bytes.size();
    ++messages_sent_;
    return inner_.post_send(peer, tag, bytes);
  }
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    return inner_.post_receive(peer, tag, bytes);
  }
  Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                            std::size_t& length) override {
    return inner_.post_receive_up_to(peer, tag, room, length);
  }
  bool test(Ticket ticket) override { return inner_.test(ticket); }
  std::string describe(Ticket ticket) const override { return inner_.describe(ticket); }
  void progress() override {
    ++looks_;
    inner_.progress();
  }
  std::unique_ptr<comm::Transport> split(int color, int key) override {
    return inner_.split(color, key);
  }
  void abandon() noexcept override { inner_.abandon(); }

 private:
  comm::Transport& inner_;
  std::vector<std::size_t> bytes_sent_;
  std::size_t messages_sent_ = 0;
  std::atomic<int> looks_ = 0;
};

}  // namespace rondo::test
