// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/nccl/nccl_communicator.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"

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
    : SlicedCommunicator(host.place(), device, time_limit),
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
  return make_arena(session_, device(), bytes, name);
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

void NcclCommunicator::move(DeviceStream& stream, const DeviceMessages& messages,
                            std::string_view purpose) {
  session_->group([&] {
    for (const auto& [peer, bytes] : messages.outgoing())
      session_->queue("ncclSend", purpose, [&](Handle handle) {
        return session_->api().send(bytes.data(), bytes.size(), DataType::u8, peer, handle,
                                    stream.handle());
      });
    for (const auto& [peer, bytes] : messages.incoming())
      session_->queue("ncclRecv", purpose, [&](Handle handle) {
        return session_->api().recv(bytes.data(), bytes.size(), DataType::u8, peer, handle,
                                    stream.handle());
      });
  });
}

}  // namespace rondo::comm::nccl
