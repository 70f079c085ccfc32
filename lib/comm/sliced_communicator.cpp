// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/sliced_communicator.hpp"

#include <utility>

#include <fmt/format.h>

#include "comm/device_slices.hpp"

namespace rondo::comm {
namespace {

template <class T>
DeviceSpan<T> part(DeviceSpan<T> values, Cut cut) {
  return values.subspan(cut.begin, cut.end - cut.begin);
}

/// Of bytes, from those of floats.
std::vector<Cut> bytes_of(std::span<const Cut> floats) {
  std::vector<Cut> cuts;
  for (const Cut& cut : floats)
    cuts.push_back({cut.begin * sizeof(float), cut.end * sizeof(float)});
  return cuts;
}

}  // namespace

std::string purpose_of(const DeviceCall& call) {
  return fmt::format("{} of {} bytes of {}", name_of(call.collective), call.output.size(),
                     name_of(call.dtype));
}

DeviceSpan<float> floats_of(DeviceSpan<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

void SlicedCommunicator::allreduce_lanes(DeviceStream& stream, const DeviceCall& call) {
  const auto result = floats_of(call.output);
  const auto slices = device_slices(result.size(), size());
  sum_slices(stream, call, slices, part(result, slices[static_cast<std::size_t>(rank())]));
  gather_slices(stream, bytes_of(slices), call.output, purpose_of(call));
}

void SlicedCommunicator::reduce_scatter_lanes(DeviceStream& stream, const DeviceCall& call) {
  const auto result = floats_of(call.output);
  sum_slices(stream, call, equal_device_slices(result.size(), size()), result);
}

void SlicedCommunicator::queue_exchange(DeviceStream& stream,
                                        std::span<const DeviceSpan<const std::byte>> outgoing,
                                        std::span<const DeviceSpan<std::byte>> incoming) {
  require_alive();
  const auto own = static_cast<std::size_t>(rank());
  copy(stream, outgoing[own], incoming[own]);
  DeviceMessages messages;
  for (int peer = 0; peer < size(); ++peer) {
    if (peer == rank()) continue;
    messages.send(peer, outgoing[static_cast<std::size_t>(peer)]);
    messages.receive(peer, incoming[static_cast<std::size_t>(peer)]);
  }
  move(stream, messages, "exchange");
}

/// Its own are added where they are.
void SlicedCommunicator::sum_slices(DeviceStream& stream, const DeviceCall& call,
                                    std::span<const Cut> slices, DeviceSpan<float> output) {
  const RankNodes pieces(size(), call.lanes);
  const auto slots = piece_slots(stream, pieces, output.size());
  std::vector<DeviceSpan<const float>> inputs(slots.begin(), slots.end());
  for (std::size_t k = 0; k < call.nodes.size(); ++k)
    inputs[pieces.first(rank()) + k] =
        part(call.nodes[k].sum, slices[static_cast<std::size_t>(rank())]);

  DeviceMessages messages;
  for (int peer = 0; peer < size(); ++peer) {
    if (peer == rank()) continue;
    const Cut slice = slices[static_cast<std::size_t>(peer)];
    for (const DeviceLaneNode& node : call.nodes)
      messages.send(peer, detail::device_bytes(part(node.sum, slice)));
    for (std::size_t k = pieces.first(peer); k < pieces.first(peer + 1); ++k)
      messages.receive(peer, detail::writable_device_bytes(slots[k]));
  }
  move(stream, messages, purpose_of(call));
  if (!output.empty()) add_pieces(stream, pieces.all(), {0, call.lanes}, inputs, slots, output);
}

/// By piece: where this rank's slice of it goes. None for its own, unless they are too many for one
/// launch.
std::vector<DeviceSpan<float>> SlicedCommunicator::piece_slots(DeviceStream& stream,
                                                               const RankNodes& pieces,
                                                               std::size_t count) {
  const bool has_all = pieces.count() > most_device_inputs;
  const std::size_t stride = (count + 63) / 64 * 64;
  const std::size_t used = pieces.count() - (has_all ? 0 : pieces.count(rank()));
  const auto memory = floats_of(scratch(stream, used * stride * sizeof(float)));
  std::vector<DeviceSpan<float>> slots(pieces.count());
  std::size_t next = 0;
  for (std::size_t k = 0; k < slots.size(); ++k) {
    const bool is_own = pieces.first(rank()) <= k && k < pieces.first(rank() + 1);
    if (has_all || !is_own) slots[k] = memory.subspan(stride * next++, count);
  }
  return slots;
}

void SlicedCommunicator::gather_slices(DeviceStream& stream, std::span<const Cut> slices,
                                       DeviceSpan<std::byte> data, std::string_view purpose,
                                       int knower) {
  const DeviceSpan<const std::byte> own = part(data, slices[static_cast<std::size_t>(rank())]);
  DeviceMessages messages;
  for (int peer = 0; peer < size(); ++peer) {
    if (peer == rank()) continue;
    if (peer != knower) messages.send(peer, own);
    if (rank() != knower)
      messages.receive(peer, part(data, slices[static_cast<std::size_t>(peer)]));
  }
  move(stream, messages, purpose);
}

/// What is there may be in use; giving it back would wait for that without a deadline.
DeviceSpan<std::byte> SlicedCommunicator::scratch(DeviceStream& stream, std::size_t bytes) {
  if (scratch_.size() < bytes) {
    if (scratch_.size() > 0) wait(stream);
    scratch_ = {};
    scratch_ = DeviceMemory<std::byte>(device_, bytes, "slices of other ranks' sums");
  }
  return scratch_.span().first(bytes);
}

void SlicedCommunicator::leak_scratch() {
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory)
  static_cast<void>(new DeviceMemory<std::byte>(std::move(scratch_)));
}

}  // namespace rondo::comm
