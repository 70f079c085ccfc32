// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/comm/device_communicator.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {

/// What a rank sends to others and gets from them at one time, none of it empty. Messages between
/// two ranks arrive in the order in which both list them.
class DeviceMessages {
 public:
  template <class Byte>
  struct Message {
    int peer;
    DeviceSpan<Byte> bytes;
  };

  void send(int peer, DeviceSpan<const std::byte> bytes) {
    if (!bytes.empty()) outgoing_.push_back({peer, bytes});
  }
  void receive(int peer, DeviceSpan<std::byte> bytes) {
    if (!bytes.empty()) incoming_.push_back({peer, bytes});
  }

  std::span<const Message<const std::byte>> outgoing() const noexcept { return outgoing_; }
  std::span<const Message<std::byte>> incoming() const noexcept { return incoming_; }

 private:
  std::vector<Message<const std::byte>> outgoing_;
  std::vector<Message<std::byte>> incoming_;
};

/// "allreduce of 64 bytes of f32": for errors.
std::string purpose_of(const DeviceCall& call);

DeviceSpan<float> floats_of(DeviceSpan<std::byte> bytes);

/// A DeviceCommunicator whose ranks send slices from GPU to GPU: sums over lanes by our own
/// kernels. Every rank's slice of every sum goes to the slice's owner, which adds them along the
/// tree, and the sums go round. With one node a rank the traffic is 2 (p-1)/p of the result's bytes
/// both ways, as a ring's.
class SlicedCommunicator : public DeviceCommunicator {
 protected:
  SlicedCommunicator(Place place, const Device& device, std::chrono::milliseconds time_limit)
      : DeviceCommunicator(place, time_limit), device_(device) {}

  /// Queues the messages. The memory must live until the stream has come past them.
  virtual void move(DeviceStream& stream, const DeviceMessages& messages,
                    std::string_view purpose) = 0;
  /// \throws CommError  after the first failure
  virtual void require_alive() const = 0;

  const Device& device() const noexcept { return device_; }

  void allreduce_lanes(DeviceStream& stream, const DeviceCall& call);
  void reduce_scatter_lanes(DeviceStream& stream, const DeviceCall& call);
  void queue_exchange(DeviceStream& stream, std::span<const DeviceSpan<const std::byte>> outgoing,
                      std::span<const DeviceSpan<std::byte>> incoming) final;

  /// Each rank's slice of `data` goes to all others, but for one that has all: `knower`, or nobody.
  void gather_slices(DeviceStream& stream, std::span<const Cut> slices, DeviceSpan<std::byte> data,
                     std::string_view purpose, int knower = -1);

  /// At a multiple of 256 bytes; valid until the next call. Whatever the stream was given before
  /// may still use it.
  DeviceSpan<std::byte> scratch(DeviceStream& stream, std::size_t bytes);
  /// Something may write to it for ever: it is never given back.
  void leak_scratch();

 private:
  void sum_slices(DeviceStream& stream, const DeviceCall& call, std::span<const Cut> slices,
                  DeviceSpan<float> output);
  std::vector<DeviceSpan<float>> piece_slots(DeviceStream& stream, const RankNodes& pieces,
                                             std::size_t count);

  const Device& device_;
  DeviceMemory<std::byte> scratch_;
};

}  // namespace rondo::comm
