// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "comm/nccl/nccl_session.hpp"
#include "comm/sliced_communicator.hpp"

namespace rondo::comm::nccl {

/// Collectives from GPU to GPU by NCCL. Of sums over lanes it moves the slices.
class NcclCommunicator final : public SlicedCommunicator {
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
  void queue_group(const std::function<void()>& calls) override { session_->group(calls); }

  void move(DeviceStream& stream, const DeviceMessages& messages,
            std::string_view purpose) override;
  void require_alive() const override { session_->require_alive(); }

  void allreduce(DeviceStream& stream, const DeviceCall& call);
  void reduce_scatter(DeviceStream& stream, const DeviceCall& call);
  void allgather(DeviceStream& stream, const DeviceCall& call);
  void broadcast(DeviceStream& stream, const DeviceCall& call);

  std::string why_;
  std::shared_ptr<Session> session_;  // arenas may outlive this
};

}  // namespace rondo::comm::nccl
