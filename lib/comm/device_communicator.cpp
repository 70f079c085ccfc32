// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/device_communicator.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/check_call.hpp"

namespace rondo::comm {
namespace {

/// Only the addresses are looked at.
Call as_host_call(const DeviceCall& call, const std::vector<LaneNode>& nodes) {
  return {.collective = call.collective,
          .dtype = call.dtype,
          .root = call.root,
          .input = {call.input.data(), call.input.size()},
          .output = {call.output.data(), call.output.size()},
          .nodes = nodes,
          .lanes = call.lanes};
}

void require_supported(const DeviceCall& call, bool in_group) {
  const bool reduces =
      call.collective == Collective::allreduce || call.collective == Collective::reduce_scatter;
  const bool is_float = call.dtype == DType::f32 || call.dtype == DType::f16 ||
                        call.dtype == DType::bf16 || call.dtype == DType::f64;
  if (reduces && !is_float)
    throw UsageError(fmt::format("{} of {} on GPUs: sums are of f64, f32, f16 or bf16",
                                 name_of(call.collective), name_of(call.dtype)));
  if (call.collective == Collective::barrier || call.collective == Collective::all_to_all)
    throw UsageError(fmt::format("no {} on GPUs: use exchange(), or the host's communicator",
                                 name_of(call.collective)));
  require(!in_group || !is_over_lanes(call.collective),
          "a sum over lanes is several steps, which no group takes: call it outside");
}

void check_device_call(const DeviceCall& call, const Place& place, bool in_group) {
  require_supported(call, in_group);
  std::vector<LaneNode> nodes;
  for (const DeviceLaneNode& node : call.nodes)
    nodes.push_back({node.lanes, {node.sum.data(), node.sum.size()}});
  check_call(as_host_call(call, nodes), place, OwnBlock::apart_or_in_place);
}

DeviceCall lanes_call(Collective collective, std::span<const DeviceLaneNode> nodes,
                      std::size_t lanes, DeviceSpan<float> result) {
  return {.collective = collective,
          .dtype = DType::f32,
          .output = detail::writable_device_bytes(result),
          .nodes = nodes,
          .lanes = lanes};
}

}  // namespace

std::string_view name_of(DevicePath path) {
  switch (path) {
    case DevicePath::automatic: return "automatic";
    case DevicePath::nccl: return "nccl";
    case DevicePath::cuda_aware: return "cuda_aware";
    case DevicePath::host_staged: return "host_staged";
  }
  return "?";
}

void DeviceCommunicator::start(DeviceStream& stream, const DeviceCall& call) {
  check_device_call(call, place_, in_group_);
  queue(stream, call);
}

void DeviceCommunicator::exchange(DeviceStream& stream,
                                  std::span<const DeviceSpan<const std::byte>> outgoing,
                                  std::span<const DeviceSpan<std::byte>> incoming) {
  const auto ranks = static_cast<std::size_t>(size());
  require(outgoing.size() == ranks && incoming.size() == ranks,
          "exchange needs one slice a rank, both outgoing and incoming; empty ones count");
  const auto own = static_cast<std::size_t>(rank());
  require(outgoing[own].size() == incoming[own].size(),
          "exchange: what a rank sends to itself is as long as what it gets from itself");
  queue_exchange(stream, outgoing, incoming);
}

void DeviceCommunicator::grouped(const std::function<void()>& calls) {
  require(!in_group_, "a group inside of a group");
  in_group_ = true;
  try {
    queue_group(calls);
  } catch (...) {
    in_group_ = false;
    throw;
  }
  in_group_ = false;
}

void allreduce_lanes(DeviceCommunicator& comm, DeviceStream& stream,
                     std::span<const DeviceLaneNode> nodes, std::size_t lanes,
                     DeviceSpan<float> result) {
  comm.start(stream, lanes_call(Collective::allreduce_lanes, nodes, lanes, result));
}

void reduce_scatter_lanes(DeviceCommunicator& comm, DeviceStream& stream,
                          std::span<const DeviceLaneNode> nodes, std::size_t lanes,
                          DeviceSpan<float> result) {
  comm.start(stream, lanes_call(Collective::reduce_scatter_lanes, nodes, lanes, result));
}

}  // namespace rondo::comm
