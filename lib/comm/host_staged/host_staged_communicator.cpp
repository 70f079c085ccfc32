// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/host_staged/host_staged_communicator.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/plain_device_arena.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

constexpr std::size_t piece_granule = 64;  // whole elements of any dtype, whole cache lines

template <class T>
std::vector<DeviceSpan<T>> blocks_of(DeviceSpan<T> data, std::size_t count) {
  std::vector<DeviceSpan<T>> blocks;
  for (std::size_t k = 0; k < count; ++k)
    blocks.push_back(data.subspan(k * (data.size() / count), data.size() / count));
  return blocks;
}

/// What `block` has of [begin, begin + length).
template <class T>
DeviceSpan<T> part_of(DeviceSpan<T> block, std::size_t begin, std::size_t length) {
  const std::size_t first = std::min(begin, block.size());
  return block.subspan(first, std::min(length, block.size() - first));
}

std::span<float> floats_of(std::span<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

std::size_t most_nodes(int ranks, std::size_t lanes) {
  const RankNodes nodes(ranks, lanes);
  std::size_t most = 1;
  for (int rank = 0; rank < ranks; ++rank)
    most = std::max(most, nodes.count(rank));
  return most;
}

}  // namespace

HostStagedCommunicator::HostStagedCommunicator(Communicator& host, const Device& device,
                                               const DeviceCommunicatorOptions& options,
                                               std::string why)
    : DeviceCommunicator(host.place(), options.time_limit.value_or(host.time_limit())),
      host_(host),
      device_(device),
      piece_bytes_(options.piece_bytes),
      why_(std::move(why)),
      waiting_(place(), device, time_limit()),
      slots_{Slot(device), Slot(device)} {
  require(piece_bytes_ > 0, "a DeviceCommunicator's pieces need at least one byte");
}

std::string HostStagedCommunicator::explain() const {
  return fmt::format("through the host's memory, in pieces of {} bytes: {}", piece_bytes_, why_);
}

void HostStagedCommunicator::wait(DeviceStream& stream) {
  waiting_.require_alive();
  waiting_.until_done(stream);
}

std::unique_ptr<DeviceArena> HostStagedCommunicator::allocate(std::size_t bytes,
                                                              std::string_view name) {
  return std::make_unique<PlainDeviceArena>(device_, bytes, name);
}

void HostStagedCommunicator::queue(DeviceStream& stream, const DeviceCall& call) {
  waiting_.require_alive();
  run(stream, staging_of(call));
}

void HostStagedCommunicator::queue_exchange(DeviceStream& stream,
                                            std::span<const DeviceSpan<const std::byte>> outgoing,
                                            std::span<const DeviceSpan<std::byte>> incoming) {
  waiting_.require_alive();
  const auto own = static_cast<std::size_t>(rank());
  copy(stream, outgoing[own], incoming[own]);
  Staging staging{.inputs{outgoing.begin(), outgoing.end()},
                  .outputs{incoming.begin(), incoming.end()},
                  .most_blocks = outgoing.size()};
  staging.inputs[own] = {};
  staging.outputs[own] = {};
  std::int64_t longest = 0;
  for (const auto& block : staging.inputs)
    longest = std::max(longest, static_cast<std::int64_t>(block.size()));
  comm::allreduce(host_, std::span(&longest, 1), ReduceOp::max);
  staging.length = static_cast<std::size_t>(longest);
  staging.collective = [this](auto input, auto output, std::size_t) {
    comm::all_to_all(host_, std::span<const std::byte>(input), output);
  };
  run(stream, staging);
}

HostStagedCommunicator::Staging HostStagedCommunicator::staging_of(const DeviceCall& call) {
  const auto ranks = static_cast<std::size_t>(size());
  switch (call.collective) {
    case Collective::allreduce:
    case Collective::reduce_scatter: {
      const bool scatters = call.collective == Collective::reduce_scatter;
      return {.inputs = blocks_of(call.input, scatters ? ranks : 1),
              .outputs = {call.output},
              .length = call.output.size(),
              .most_blocks = scatters ? ranks : 1,
              .collective = [this, call](auto input, auto output, std::size_t) {
                host_.run({.collective = call.collective,
                           .dtype = call.dtype,
                           .input = input,
                           .output = output});
              }};
    }
    case Collective::allgather:
      return {.inputs = {call.input},
              .outputs = blocks_of(call.output, ranks),
              .length = call.input.size(),
              .most_blocks = ranks,
              .collective = [this](auto input, auto output, std::size_t) {
                comm::allgather(host_, std::span<const std::byte>(input), output);
              }};
    case Collective::broadcast: return broadcast_staging(call);
    default: return lanes_staging(call);  // check_device_call() lets no other pass
  }
}

/// The root fetches only, the others store only.
HostStagedCommunicator::Staging HostStagedCommunicator::broadcast_staging(const DeviceCall& call) {
  Staging staging{.length = call.output.size()};
  if (rank() == call.root)
    staging.inputs = {call.input};
  else
    staging.outputs = {call.output};
  staging.collective = [this, root = call.root](auto input, auto output, std::size_t) {
    comm::broadcast(host_, rank() == root ? input : output, root);
  };
  return staging;
}

HostStagedCommunicator::Staging HostStagedCommunicator::lanes_staging(const DeviceCall& call) {
  const bool scatters = call.collective == Collective::reduce_scatter_lanes;
  const auto parts = static_cast<std::size_t>(scatters ? size() : 1);
  Staging staging{.outputs = {call.output},
                  .length = call.output.size(),
                  .most_blocks = parts * most_nodes(size(), call.lanes)};
  std::vector<LaneRange> ranges;
  for (const DeviceLaneNode& node : call.nodes) {
    ranges.push_back(node.lanes);
    for (const auto& block : blocks_of(detail::device_bytes(node.sum), parts))
      staging.inputs.push_back(block);
  }
  staging.collective = [this, ranges, parts, call](auto input, auto output, std::size_t length) {
    std::vector<LaneNode> nodes;
    for (std::size_t k = 0; k < ranges.size(); ++k)
      nodes.push_back({ranges[k], floats_of(input.subspan(k * parts * length, parts * length))});
    host_.run({.collective = call.collective,
               .dtype = DType::f32,
               .output = output,
               .nodes = nodes,
               .lanes = call.lanes});
  };
  return staging;
}

/// While the host moves a piece, the GPU stores the one before and fetches the one behind.
void HostStagedCommunicator::run(DeviceStream& stream, const Staging& staging) {
  const std::size_t fitting = piece_bytes_ / staging.most_blocks / piece_granule * piece_granule;
  const std::size_t piece = std::min(std::max(fitting, piece_granule), staging.length);
  const auto length_at = [&](std::size_t begin) { return std::min(piece, staging.length - begin); };
  for (Slot& slot : slots_)
    reserve(slot, staging.inputs.size() * piece, staging.outputs.size() * piece);
  if (staging.length > 0) fetch(stream, staging, slots_[0], 0, piece);
  std::size_t turn = 0;
  for (std::size_t begin = 0; begin < staging.length; begin += piece) {
    Slot& slot = slots_[turn++ % 2];
    const std::size_t next = begin + piece;
    if (next < staging.length) fetch(stream, staging, slots_[turn % 2], next, length_at(next));
    waiting_.until([&] { return slot.fetched.done(); },
                   [&] {
                     return fmt::format("a copy to the host, behind its work {}",
                                        stream.trail().text());
                   });
    const std::size_t length = length_at(begin);
    staging.collective(slot.input.span().first(staging.inputs.size() * length),
                       slot.output.span().first(staging.outputs.size() * length), length);
    store(stream, staging, slot, begin, length);
  }
}

/// When this has run, all of the slot is free but what it fetched: what was stored from it was
/// queued before.
void HostStagedCommunicator::fetch(DeviceStream& stream, const Staging& staging, Slot& slot,
                                   std::size_t begin, std::size_t length) {
  stream.wait_for(slot.stored);
  for (std::size_t k = 0; k < staging.inputs.size(); ++k) {
    const auto part = part_of(staging.inputs[k], begin, length);
    copy(stream, part, slot.input.span().subspan(k * length, part.size()));
  }
  slot.fetched.record(stream);
}

void HostStagedCommunicator::store(DeviceStream& stream, const Staging& staging, Slot& slot,
                                   std::size_t begin, std::size_t length) {
  for (std::size_t k = 0; k < staging.outputs.size(); ++k) {
    const auto part = part_of(staging.outputs[k], begin, length);
    copy<std::byte>(stream, slot.output.span().subspan(k * length, part.size()), part);
  }
  slot.stored.record(stream);
}

void HostStagedCommunicator::reserve(Slot& slot, std::size_t input_bytes,
                                     std::size_t output_bytes) {
  if (slot.input.span().size() >= input_bytes && slot.output.span().size() >= output_bytes) return;
  waiting_.until([&] { return slot.stored.done(); }, [] { return "a copy to the GPU"; });
  const auto grow = [](PinnedMemory<std::byte>& memory, std::size_t bytes) {
    if (memory.span().size() < bytes)
      memory = PinnedMemory<std::byte>(bytes, "collectives through the host");
  };
  grow(slot.input, input_bytes);
  grow(slot.output, output_bytes);
}

}  // namespace rondo::comm
