// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/nccl/nccl_communicator.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"

#include "comm/device_slices.hpp"
#include "comm/nccl/nccl_arena.hpp"

namespace rondo::comm::nccl {
namespace {

DataType type_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return DataType::f64;
    case DType::f32: return DataType::f32;
    case DType::f16: return DataType::f16;
    case DType::bf16: return DataType::bf16;
    default: return DataType::u8;  // check_device_call() lets no other sums pass
  }
}

std::string purpose_of(const DeviceCall& call) {
  return fmt::format("{} of {} bytes of {}", name_of(call.collective), call.output.size(),
                     name_of(call.dtype));
}

DeviceSpan<const float> part(DeviceSpan<const float> values, Cut cut) {
  return values.subspan(cut.begin, cut.end - cut.begin);
}

DeviceSpan<float> floats_of(DeviceSpan<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

/// Collective.
UniqueId agreed_id(const Api& api, Session& session, Communicator& host) {
  UniqueId id;
  agree_on_success(host, [&] {
    if (is_root(host)) session.check(api.get_unique_id(&id), "ncclGetUniqueId");
  });
  comm::broadcast(host, std::span<char>(id.bytes), 0);
  return id;
}

}  // namespace

NcclCommunicator::NcclCommunicator(const Api& api, Communicator& host, const Device& device,
                                   std::chrono::milliseconds time_limit, std::string why)
    : DeviceCommunicator(host.place(), time_limit),
      device_(device),
      why_(std::move(why)),
      session_(std::make_shared<Session>(api, host.place(), time_limit)) {
  device.make_current();
  session_->open(agreed_id(api, *session_, host));
}

/// First what may still run on the scratch memory.
NcclCommunicator::~NcclCommunicator() {
  if (session_->is_open()) session_->abandon("its communicator was destroyed without close()");
}

std::string NcclCommunicator::explain() const {
  return fmt::format("GPU to GPU by NCCL: {}", why_);
}

std::unique_ptr<DeviceArena> NcclCommunicator::allocate(std::size_t bytes, std::string_view name) {
  return make_arena(session_, device_, bytes, name);
}

void NcclCommunicator::queue(DeviceStream& stream, const DeviceCall& call) {
  if (call.output.empty()) return session_->require_alive();
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

void NcclCommunicator::allreduce(DeviceStream& stream, const DeviceCall& call) {
  session_->queue("ncclAllReduce", purpose_of(call), [&](Handle handle) {
    return session_->api().all_reduce(call.input.data(), call.output.data(),
                                      call.output.size() / size_of(call.dtype), type_of(call.dtype),
                                      handle, stream.handle());
  });
}

void NcclCommunicator::reduce_scatter(DeviceStream& stream, const DeviceCall& call) {
  session_->queue("ncclReduceScatter", purpose_of(call), [&](Handle handle) {
    return session_->api().reduce_scatter(call.input.data(), call.output.data(),
                                          call.output.size() / size_of(call.dtype),
                                          type_of(call.dtype), handle, stream.handle());
  });
}

void NcclCommunicator::allgather(DeviceStream& stream, const DeviceCall& call) {
  session_->queue("ncclAllGather", purpose_of(call), [&](Handle handle) {
    return session_->api().all_gather(call.input.data(), call.output.data(), call.input.size(),
                                      DataType::u8, handle, stream.handle());
  });
}

void NcclCommunicator::broadcast(DeviceStream& stream, const DeviceCall& call) {
  session_->queue("ncclBroadcast", purpose_of(call), [&](Handle handle) {
    return session_->api().broadcast(call.input.data(), call.output.data(), call.output.size(),
                                     DataType::u8, call.root, handle, stream.handle());
  });
}

void NcclCommunicator::queue_exchange(DeviceStream& stream,
                                      std::span<const DeviceSpan<const std::byte>> outgoing,
                                      std::span<const DeviceSpan<std::byte>> incoming) {
  const auto own = static_cast<std::size_t>(rank());
  session_->require_alive();
  copy(stream, outgoing[own], incoming[own]);
  session_->group([&] {
    for (int peer = 0; peer < size(); ++peer) {
      if (peer == rank()) continue;
      send(stream, outgoing[static_cast<std::size_t>(peer)], peer, "exchange");
      receive(stream, incoming[static_cast<std::size_t>(peer)], peer, "exchange");
    }
  });
}

void NcclCommunicator::allreduce_lanes(DeviceStream& stream, const DeviceCall& call) {
  const auto result = floats_of(call.output);
  const auto slices = device_slices(result.size(), size());
  const Cut own = slices[static_cast<std::size_t>(rank())];
  sum_slices(stream, call, slices, result.subspan(own.begin, own.end - own.begin));
  gather_slices(stream, slices, result);
}

void NcclCommunicator::reduce_scatter_lanes(DeviceStream& stream, const DeviceCall& call) {
  const auto result = floats_of(call.output);
  sum_slices(stream, call, equal_device_slices(result.size(), size()), result);
}

/// Each node's slice goes to its owner. Its own are added where they are.
void NcclCommunicator::sum_slices(DeviceStream& stream, const DeviceCall& call,
                                  std::span<const Cut> slices, DeviceSpan<float> output) {
  const RankNodes pieces(size(), call.lanes);
  const auto slots = piece_slots(stream, pieces, output.size());
  std::vector<DeviceSpan<const float>> inputs(slots.begin(), slots.end());
  for (std::size_t k = 0; k < call.nodes.size(); ++k)
    inputs[pieces.first(rank()) + k] =
        part(call.nodes[k].sum, slices[static_cast<std::size_t>(rank())]);

  const std::string purpose = purpose_of(call);
  session_->group([&] {
    for (int peer = 0; peer < size(); ++peer) {
      if (peer == rank()) continue;
      const Cut slice = slices[static_cast<std::size_t>(peer)];
      for (const DeviceLaneNode& node : call.nodes)
        send(stream, detail::device_bytes(part(node.sum, slice)), peer, purpose);
      for (std::size_t k = pieces.first(peer); k < pieces.first(peer + 1); ++k)
        receive(stream, detail::writable_device_bytes(slots[k]), peer, purpose);
    }
  });
  if (!output.empty()) add_pieces(stream, pieces.all(), {0, call.lanes}, inputs, slots, output);
}

/// By piece: where this rank's slice of it goes. None for its own, unless they are too many for one
/// launch.
std::vector<DeviceSpan<float>> NcclCommunicator::piece_slots(DeviceStream& stream,
                                                             const RankNodes& pieces,
                                                             std::size_t count) {
  const bool has_all = pieces.count() > most_device_inputs;
  const std::size_t stride = (count + 63) / 64 * 64;
  const std::size_t used = pieces.count() - (has_all ? 0 : pieces.count(rank()));
  const auto memory = scratch(stream, used * stride);
  std::vector<DeviceSpan<float>> slots(pieces.count());
  std::size_t next = 0;
  for (std::size_t k = 0; k < slots.size(); ++k) {
    const bool is_own = pieces.first(rank()) <= k && k < pieces.first(rank() + 1);
    if (has_all || !is_own) slots[k] = memory.subspan(stride * next++, count);
  }
  return slots;
}

void NcclCommunicator::gather_slices(DeviceStream& stream, std::span<const Cut> slices,
                                     DeviceSpan<float> data) {
  const Cut own = slices[static_cast<std::size_t>(rank())];
  const auto slice_of = [&](Cut cut) { return data.subspan(cut.begin, cut.end - cut.begin); };
  session_->group([&] {
    for (int peer = 0; peer < size(); ++peer) {
      if (peer == rank()) continue;
      send(stream, detail::device_bytes<float>(slice_of(own)), peer, "the gathering of a sum");
      receive(stream,
              detail::writable_device_bytes(slice_of(slices[static_cast<std::size_t>(peer)])), peer,
              "the gathering of a sum");
    }
  });
}

void NcclCommunicator::send(DeviceStream& stream, DeviceSpan<const std::byte> data, int peer,
                            std::string_view purpose) {
  if (data.empty()) return;
  session_->queue("ncclSend", purpose, [&](Handle handle) {
    return session_->api().send(data.data(), data.size(), DataType::u8, peer, handle,
                                stream.handle());
  });
}

void NcclCommunicator::receive(DeviceStream& stream, DeviceSpan<std::byte> data, int peer,
                               std::string_view purpose) {
  if (data.empty()) return;
  session_->queue("ncclRecv", purpose, [&](Handle handle) {
    return session_->api().recv(data.data(), data.size(), DataType::u8, peer, handle,
                                stream.handle());
  });
}

/// What is there may be in use; giving it back would wait for that without a deadline.
DeviceSpan<float> NcclCommunicator::scratch(DeviceStream& stream, std::size_t count) {
  if (scratch_.size() < count) {
    if (scratch_.size() > 0) session_->wait(stream);
    scratch_ = {};
    scratch_ = DeviceMemory<float>(device_, count, "slices of other ranks' sums over lanes");
  }
  return scratch_.span().first(count);
}

}  // namespace rondo::comm::nccl
