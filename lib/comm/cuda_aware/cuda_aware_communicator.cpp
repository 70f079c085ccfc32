// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/cuda_aware/cuda_aware_communicator.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/cuda/rank_sum.hpp"
#include "comm/device_slices.hpp"
#include "comm/plain_device_arena.hpp"
#include "comm/run_to_end.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {
namespace {

/// As cudaMalloc aligns.
constexpr std::size_t slot_granule = 256;

template <class Byte>
DeviceSpan<Byte> part(DeviceSpan<Byte> bytes, Cut cut) {
  return bytes.subspan(cut.begin, cut.end - cut.begin);
}

/// One slice of `bytes` a rank, each a whole number of elements that begins where vectors may.
std::vector<Cut> slices_of(std::size_t bytes, DType dtype, int ranks) {
  std::vector<Cut> slices = device_slices(bytes / size_of(dtype), ranks);
  for (Cut& slice : slices)
    slice = {slice.begin * size_of(dtype), slice.end * size_of(dtype)};
  return slices;
}

/// The receives first: what comes early then needs no place of MPI's own.
Task move_all(Channel& channel, const DeviceMessages& messages) {
  std::vector<Transport::Ticket> tickets;
  for (const auto& [peer, bytes] : messages.incoming())
    tickets.push_back(channel.receive(peer, {bytes.data(), bytes.size()}));
  for (const auto& [peer, bytes] : messages.outgoing())
    tickets.push_back(channel.send(peer, {bytes.data(), bytes.size()}));
  for (const Transport::Ticket ticket : tickets)
    co_await channel.done(ticket);
}

}  // namespace

CudaAwareCommunicator::CudaAwareCommunicator(std::unique_ptr<Transport> transport,
                                             const Place& place, const Device& device,
                                             std::chrono::milliseconds time_limit, std::string why)
    : SlicedCommunicator(place, device, time_limit),
      transport_(std::move(transport)),
      why_(std::move(why)),
      waiting_(place, device, time_limit) {}

CudaAwareCommunicator::~CudaAwareCommunicator() {
  if (waiting_.has_failed()) leak_scratch();
  if (transport_) transport_->abandon();
}

std::string CudaAwareCommunicator::explain() const {
  return fmt::format("GPU to GPU by MPI: {}", why_);
}

void CudaAwareCommunicator::wait(DeviceStream& stream) {
  require_alive();
  waiting_.until_done(stream);
}

std::unique_ptr<DeviceArena> CudaAwareCommunicator::allocate(std::size_t bytes,
                                                             std::string_view name) {
  return std::make_unique<PlainDeviceArena>(device(), bytes, name);
}

void CudaAwareCommunicator::close() {
  require_alive();
  transport_.reset();
}

void CudaAwareCommunicator::require_alive() const {
  waiting_.require_alive();
  if (!transport_) throw CommError("this communicator was closed");
}

void CudaAwareCommunicator::queue(DeviceStream& stream, const DeviceCall& call) {
  require_alive();
  if (call.output.empty()) return;
  switch (call.collective) {
    case Collective::allreduce: return allreduce(stream, call);
    case Collective::reduce_scatter: return reduce_scatter(stream, call);
    case Collective::allgather: return allgather(stream, call);
    case Collective::broadcast: return broadcast(stream, call);
    case Collective::allreduce_lanes: return allreduce_lanes(stream, call);
    case Collective::reduce_scatter_lanes: return reduce_scatter_lanes(stream, call);
    default: return;  // check_device_call() lets no other pass
  }
}

void CudaAwareCommunicator::allreduce(DeviceStream& stream, const DeviceCall& call) {
  const auto slices = slices_of(call.output.size(), call.dtype, size());
  sum_slices(stream, call, slices, part(call.output, slices[static_cast<std::size_t>(rank())]));
  gather_slices(stream, slices, call.output, purpose_of(call));
}

void CudaAwareCommunicator::reduce_scatter(DeviceStream& stream, const DeviceCall& call) {
  sum_slices(stream, call, equal_device_slices(call.output.size(), size()), call.output);
}

void CudaAwareCommunicator::allgather(DeviceStream& stream, const DeviceCall& call) {
  const auto blocks = equal_device_slices(call.input.size(), size());
  const auto own = part(call.output, blocks[static_cast<std::size_t>(rank())]);
  if (own.data() != call.input.data()) copy(stream, call.input, own);
  gather_slices(stream, blocks, call.output, purpose_of(call));
}

/// Each rank gets a slice of the root's, and passes it on.
void CudaAwareCommunicator::broadcast(DeviceStream& stream, const DeviceCall& call) {
  const auto slices = slices_of(call.output.size(), call.dtype, size());
  DeviceMessages messages;
  if (rank() == call.root) {
    for (int peer = 0; peer < size(); ++peer)
      if (peer != rank())
        messages.send(peer, part(call.input, slices[static_cast<std::size_t>(peer)]));
  } else {
    messages.receive(call.root, part(call.output, slices[static_cast<std::size_t>(rank())]));
  }
  move(stream, messages, purpose_of(call));
  gather_slices(stream, slices, call.output, purpose_of(call), call.root);
}

/// Of every rank's input the slice of this rank.
void CudaAwareCommunicator::sum_slices(DeviceStream& stream, const DeviceCall& call,
                                       std::span<const Cut> slices, DeviceSpan<std::byte> output) {
  const auto others = static_cast<std::size_t>(size() - 1);
  const std::size_t stride = (output.size() + slot_granule - 1) / slot_granule * slot_granule;
  const auto slots = scratch(stream, others * stride);
  DeviceMessages messages;
  for (int peer = 0; peer < size(); ++peer) {
    if (peer == rank()) continue;
    messages.send(peer, part(call.input, slices[static_cast<std::size_t>(peer)]));
    const auto slot = static_cast<std::size_t>(peer < rank() ? peer : peer - 1);
    messages.receive(peer, slots.subspan(slot * stride, output.size()));
  }
  move(stream, messages, purpose_of(call));
  const auto own = part(call.input, slices[static_cast<std::size_t>(rank())]);
  if (others == 0 && own.data() == output.data()) return;
  cuda::add_ranks(stream,
                  {.own = own.data(),
                   .received = slots.data(),
                   .stride = stride,
                   .rank = rank(),
                   .ranks = size(),
                   .output = output.data()},
                  call.dtype, output.size() / size_of(call.dtype));
}

void CudaAwareCommunicator::move(DeviceStream& stream, const DeviceMessages& messages,
                                 std::string_view purpose) {
  if (messages.outgoing().empty() && messages.incoming().empty()) return;
  waiting_.until_done(stream);
  try {
    run_to_end(*transport_, data_tag, std::chrono::steady_clock::now() + time_limit(),
               [&](Channel& channel) { return move_all(channel, messages); });
  } catch (const CommError& error) {
    waiting_.fail(fmt::format("{}: {}", purpose, error.what()), error.code());
  }
}

}  // namespace rondo::comm
