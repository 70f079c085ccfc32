// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/element_channel.hpp"

#include <algorithm>

#include "rondo/base/error.hpp"

namespace rondo::comm::algorithms {
namespace {

/// f32 values are at most this many times as long as they are encoded.
constexpr std::size_t wire_ratio = 2;

std::span<float> floats(std::span<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

std::span<const float> floats(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

}  // namespace

ElementChannel::ElementChannel(Channel& channel, Reduction reduction, Segmentation segmentation)
    : channel_(channel),
      reduction_(reduction),
      wire_(reduction.wire == Wire::f16 ? DType::f16 : DType::bf16),
      element_bytes_(size_of(reduction.dtype)),
      segment_bytes_(whole_segment_bytes(segmentation, element_bytes_)),
      ahead_(std::max<std::size_t>(segmentation.receives_ahead, 1)),
      outbox_(channel) {
  require(exact() || reduction.dtype == DType::f32, "only f32 can be rounded on its way");
  if (!exact()) segment_bytes_ *= wire_ratio;
}

Parcel ElementChannel::pack(std::span<const std::byte> values) {
  if (exact()) return {values, nullptr};
  auto memory = new_memory(values.size() / wire_ratio);
  const auto bytes = memory->bytes();
  arithmetic().encode(wire_, floats(values), bytes);
  return {bytes, std::move(memory)};
}

Arrival ElementChannel::receive(int peer, std::span<std::byte> values) {
  if (!exact()) return receive_operand(peer, values.size());
  return {channel_.receive(peer, values), values, nullptr, nullptr};
}

Arrival ElementChannel::receive_operand(int peer, std::size_t bytes) {
  auto memory = new_memory(exact() ? bytes : bytes / wire_ratio);
  const auto message = memory->bytes();
  return {channel_.receive(peer, message), message, std::move(memory), nullptr};
}

void ElementChannel::unpack(const Arrival& arrival, std::span<std::byte> values) {
  if (!exact()) arithmetic().decode(wire_, arrival.bytes, floats(values));
}

void ElementChannel::reduce(std::span<std::byte> accumulator, const Arrival& arrival) {
  if (exact())
    arithmetic().reduce(reduction_.dtype, reduction_.op, accumulator, arrival.bytes);
  else
    arithmetic().reduce_encoded(wire_, reduction_.op, floats(accumulator), arrival.bytes);
}

Parcel ElementChannel::combine(const Arrival& arrival, std::span<const std::byte> values) {
  if (exact()) {
    arithmetic().reduce(reduction_.dtype, reduction_.op, arrival.bytes, values);
    return arrival.parcel();
  }
  if (!sums_) sums_ = new_memory(segment_bytes_);
  const auto sums = sums_->bytes().first(values.size());
  arithmetic().copy(values, sums);
  arithmetic().reduce_encoded(wire_, reduction_.op, floats(sums), arrival.bytes);
  arithmetic().encode(wire_, floats(sums), arrival.bytes);
  return arrival.parcel();
}

std::span<const std::byte> ElementChannel::values_of(Arrival& arrival) {
  if (exact()) return arrival.bytes;
  arrival.decoded = new_memory(arrival.bytes.size() * wire_ratio);
  arithmetic().decode(wire_, arrival.bytes, floats(arrival.decoded->bytes()));
  return arrival.decoded->bytes();
}

void ElementChannel::reduce_all(std::span<const std::byte* const> inputs,
                                std::span<std::byte> result, int divisor) {
  arithmetic().reduce_all(reduction_.dtype, reduction_.op, divisor, inputs, result);
}

void ElementChannel::divide(std::span<std::byte> values) {
  if (divisor() > 1) arithmetic().divide(reduction_.dtype, values, divisor());
}

void ElementChannel::round(std::span<std::byte> values) {
  if (!exact()) arithmetic().round_to_wire(wire_, floats(values));
}

}  // namespace rondo::comm::algorithms
