// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>

#include "rondo/comm/transport.hpp"

#include "comm/device_wait.hpp"
#include "comm/sliced_communicator.hpp"

namespace rondo::comm {

/// Collectives by messages between GPUs that the transport moves, an MPI that knows GPU memory; our
/// kernels add. MPI knows no streams: each step first waits for the stream and returns when its
/// messages have come.
class CudaAwareCommunicator final : public SlicedCommunicator {
 public:
  /// `transport` takes GPU memory and is nobody else's; `place` is this rank's in it. Local.
  CudaAwareCommunicator(std::unique_ptr<Transport> transport, const Place& place,
                        const Device& device, std::chrono::milliseconds time_limit,
                        std::string why);
  ~CudaAwareCommunicator() override;

  std::string explain() const override;
  void wait(DeviceStream& stream) override;
  std::unique_ptr<DeviceArena> allocate(std::size_t bytes, std::string_view name) override;
  void close() override;

 private:
  void queue(DeviceStream& stream, const DeviceCall& call) override;
  void queue_group(const std::function<void()>& calls) override { calls(); }
  void move(DeviceStream& stream, const DeviceMessages& messages,
            std::string_view purpose) override;
  void require_alive() const override;

  void allreduce(DeviceStream& stream, const DeviceCall& call);
  void reduce_scatter(DeviceStream& stream, const DeviceCall& call);
  void allgather(DeviceStream& stream, const DeviceCall& call);
  void broadcast(DeviceStream& stream, const DeviceCall& call);
  void sum_slices(DeviceStream& stream, const DeviceCall& call, std::span<const Cut> slices,
                  DeviceSpan<std::byte> output);

  std::unique_ptr<Transport> transport_;  // none: closed
  std::string why_;
  DeviceWait waiting_;
};

}  // namespace rondo::comm
