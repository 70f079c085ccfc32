// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/data/batch_loader.hpp"

namespace rondo::data {

/// Takes batches to a GPU beside its work: a ring of pinned host memory and the GPU's, and a stream
/// of its own for the copies.
///
/// Local; one thread at a time, and one stream that uses the batches.
class DeviceBatches {
 public:
  /// A batch in the GPU's memory, for what is queued on the stream until the next send().
  struct Batch {
    DeviceSpan<const float> images;         ///< (N, C, H, W)
    DeviceSpan<const std::int32_t> labels;  ///< (N)
  };

  struct Options {
    std::size_t samples = 1;          ///< of the largest batch
    std::size_t sample_elements = 1;  ///< C * H * W
    std::size_t slots = 3;            ///< batches between host and the end of the work on them
  };

  /// \throws UsageError  no slot; DeviceError  out of memory
  DeviceBatches(const Device& device, const Options& options);

  /// Copies the batch's valid samples, which may then change, and queues their way: what `stream`
  /// is given afterwards sees them. Waits only where all slots are still on their way to the GPU.
  /// \throws UsageError  more samples than Options::samples; DeviceError
  Batch send(DeviceStream& stream, const LaneBatch& batch);

 private:
  struct Slot {
    Slot(const Device& device, const Options& options);

    PinnedMemory<float> pinned_images;
    PinnedMemory<std::int32_t> pinned_labels;
    DeviceMemory<float> images;
    DeviceMemory<std::int32_t> labels;
    DeviceEvent arrived;
    DeviceEvent used;  ///< by all work on the batch
  };

  Options options_;
  DeviceStream copies_;
  std::vector<Slot> slots_;
  std::size_t sent_ = 0;
};

}  // namespace rondo::data
