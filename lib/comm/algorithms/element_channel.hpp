// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"
#include "comm/algorithms/outbox.hpp"
#include "comm/algorithms/reduction.hpp"

namespace rondo::comm::algorithms {

/// A message that was asked for.
struct Arrival {
  Transport::Ticket ticket = 0;
  std::span<std::byte> bytes;  ///< as they travel
  std::shared_ptr<Scratch> memory;
  std::shared_ptr<Scratch> decoded;

  Parcel parcel() const { return {bytes, memory}; }
};

/// A channel for elements and their reduction: the one place that knows of Reduction::wire.
///
/// With Wire::exact, elements travel as they are, straight from where they are: what was sent must
/// not change before sent() says so. With another one, f32 values are encoded as they are sent and
/// decoded as they are used; sums stay f32.
class ElementChannel {
 public:
  /// `channel` must outlive this.
  ElementChannel(Channel& channel, Reduction reduction, Segmentation segmentation);

  int rank() const noexcept { return channel_.rank(); }
  int size() const noexcept { return channel_.size(); }
  Runner& runner() noexcept { return channel_.runner(); }
  /// How many receives are posted before they are needed.
  std::size_t ahead() const noexcept { return ahead_; }
  std::size_t element_bytes() const noexcept { return element_bytes_; }

  /// Memory to receive into and to work in; its contents are unspecified.
  Scratch scratch(std::size_t bytes) { return channel_.scratch(bytes); }

  void copy(std::span<const std::byte> from, std::span<std::byte> to) {
    arithmetic().copy(from, to);
  }

  /// `values` in pieces that travel as one message each.
  template <class Byte>
  std::vector<std::span<Byte>> segments(std::span<Byte> values) const {
    std::vector<std::span<Byte>> pieces;
    append_segments(values, segment_bytes_, pieces);
    return pieces;
  }

  /// `values`, ready to be sent.
  Parcel pack(std::span<const std::byte> values);
  void send(int peer, Parcel parcel) { outbox_.send(peer, std::move(parcel)); }
  void send(int peer, std::span<const std::byte> values) { send(peer, pack(values)); }

  /// Asks `peer` for what shall become `values`: to be unpacked.
  Arrival receive(int peer, std::span<std::byte> values);
  /// Asks for `bytes` of values to be reduced with others.
  Arrival receive_operand(int peer, std::size_t bytes);
  /// `co_await come(arrival)`
  Channel::Completion come(const Arrival& arrival) noexcept {
    return channel_.done(arrival.ticket);
  }

  /// Completes receive(): its values are in place.
  void unpack(const Arrival& arrival, std::span<std::byte> values);
  /// accumulator = accumulator op what arrived
  void reduce(std::span<std::byte> accumulator, const Arrival& arrival);
  /// What arrived op `values`, ready to be sent on in the same memory.
  Parcel combine(const Arrival& arrival, std::span<const std::byte> values);
  /// What arrived, in memory of the arrival's.
  std::span<const std::byte> values_of(Arrival& arrival);
  /// result = divided by `divisor`, the inputs reduced in their order
  void reduce_all(std::span<const std::byte* const> inputs, std::span<std::byte> result,
                  int divisor = 1);
  /// Divides the sum over all ranks where ReduceOp::avg asks for it.
  void divide(std::span<std::byte> values);
  int divisor() const noexcept { return reduction_.op == ReduceOp::avg ? size() : 1; }
  /// Rounds to what others will get of `values`.
  void round(std::span<std::byte> values);

  /// Messages sent so far, which sent() counts from the first.
  std::size_t sends() const noexcept { return outbox_.count(); }
  Sent sent(std::size_t count) noexcept { return {runner(), outbox_, count}; }
  Sent all_sent() noexcept { return sent(sends()); }
  Outbox& outbox() noexcept { return outbox_; }

 private:
  Arithmetic& arithmetic() noexcept { return channel_.arithmetic(); }
  bool exact() const noexcept { return reduction_.wire == Wire::exact; }
  std::shared_ptr<Scratch> new_memory(std::size_t bytes) {
    return std::make_shared<Scratch>(channel_.scratch(bytes));
  }

  Channel& channel_;
  Reduction reduction_;
  DType wire_;  // if not exact
  std::size_t element_bytes_;
  std::size_t segment_bytes_;
  std::size_t ahead_;
  Outbox outbox_;
  std::shared_ptr<Scratch> sums_;  // of combine(), one segment
};

}  // namespace rondo::comm::algorithms
