// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rondo/comm/device_communicator.hpp"

#include "comm/device_wait.hpp"

namespace rondo::comm {

/// Collectives through pinned memory of the host and the host's Communicator.
class HostStagedCommunicator final : public DeviceCommunicator {
 public:
  /// Local. \throws UsageError  pieces of no bytes
  HostStagedCommunicator(Communicator& host, const Device& device,
                         const DeviceCommunicatorOptions& options, std::string why);

  std::string explain() const override;
  void wait(DeviceStream& stream) override;
  std::unique_ptr<DeviceArena> allocate(std::size_t bytes, std::string_view name) override;
  void close() override {}

 private:
  /// A collective in the host's memory whose every piece takes the same part of all blocks.
  struct Staging {
    std::vector<DeviceSpan<const std::byte>> inputs =
        {};  ///< those shorter than `length` end earlier
    std::vector<DeviceSpan<std::byte>> outputs = {};
    std::size_t length = 0;       ///< of the longest block, on any rank
    std::size_t most_blocks = 1;  ///< of inputs or outputs, on any rank
    /// Of one piece: the blocks one after another, each as long as the last argument says.
    std::function<void(std::span<std::byte>, std::span<std::byte>, std::size_t)> collective = {};
  };
  /// Two take turns.
  struct Slot {
    explicit Slot(const Device& device) : fetched(device), stored(device) {}
    PinnedMemory<std::byte> input;
    PinnedMemory<std::byte> output;
    DeviceEvent fetched;
    DeviceEvent stored;
  };

  void queue(DeviceStream& stream, const DeviceCall& call) override;
  void queue_exchange(DeviceStream& stream, std::span<const DeviceSpan<const std::byte>> outgoing,
                      std::span<const DeviceSpan<std::byte>> incoming) override;
  void queue_group(const std::function<void()>& calls) override { calls(); }

  Staging staging_of(const DeviceCall& call);
  Staging broadcast_staging(const DeviceCall& call);
  Staging lanes_staging(const DeviceCall& call);
  void run(DeviceStream& stream, const Staging& staging);
  void fetch(DeviceStream& stream, const Staging& staging, Slot& slot, std::size_t begin,
             std::size_t length);
  void store(DeviceStream& stream, const Staging& staging, Slot& slot, std::size_t begin,
             std::size_t length);
  void reserve(Slot& slot, std::size_t input_bytes, std::size_t output_bytes);

  Communicator& host_;
  const Device& device_;
  std::size_t piece_bytes_;
  std::string why_;
  DeviceWait waiting_;
  std::array<Slot, 2> slots_;
};

}  // namespace rondo::comm
