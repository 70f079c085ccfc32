// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rondo/comm/device_communicator.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/nccl/nccl_session.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm::nccl {

/// Collectives from GPU to GPU by NCCL. Sums over lanes: NCCL moves slices, our kernel adds them.
class NcclCommunicator final : public DeviceCommunicator {
 public:
  /// Collective. \throws CommError
  NcclCommunicator(const Api& api, Communicator& host, const Device& device,
                   std::chrono::milliseconds time_limit, std::string why);
  ~NcclCommunicator() override;

  std::string explain() const override;
  void wait(DeviceStream& stream) override { session_->wait(stream); }
  std::unique_ptr<DeviceArena> allocate(std::size_t bytes, std::string_view name) override;
  void close() override { session_->close(); }

 private:
  void queue(DeviceStream& stream, const DeviceCall& call) override;
  void queue_exchange(DeviceStream& stream, std::span<const DeviceSpan<const std::byte>> outgoing,
                      std::span<const DeviceSpan<std::byte>> incoming) override;
  void queue_group(const std::function<void()>& calls) override { session_->group(calls); }

  void allreduce(DeviceStream& stream, const DeviceCall& call);
  void reduce_scatter(DeviceStream& stream, const DeviceCall& call);
  void allgather(DeviceStream& stream, const DeviceCall& call);
  void broadcast(DeviceStream& stream, const DeviceCall& call);
  void allreduce_lanes(DeviceStream& stream, const DeviceCall& call);
  void reduce_scatter_lanes(DeviceStream& stream, const DeviceCall& call);

  /// This rank's slice of the sum over all lanes.
  void sum_slices(DeviceStream& stream, const DeviceCall& call, std::span<const Cut> slices,
                  DeviceSpan<float> output);
  std::vector<DeviceSpan<float>> piece_slots(DeviceStream& stream, const RankNodes& pieces,
                                             std::size_t count);
  void gather_slices(DeviceStream& stream, std::span<const Cut> slices, DeviceSpan<float> data);
  void send(DeviceStream& stream, DeviceSpan<const std::byte> data, int peer,
            std::string_view purpose);
  void receive(DeviceStream& stream, DeviceSpan<std::byte> data, int peer,
               std::string_view purpose);
  DeviceSpan<float> scratch(DeviceStream& stream, std::size_t count);

  const Device& device_;
  std::string why_;
  DeviceMemory<float> scratch_;
  std::shared_ptr<Session> session_;  // arenas may outlive this
};

}  // namespace rondo::comm::nccl
