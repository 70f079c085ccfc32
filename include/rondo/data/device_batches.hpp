// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/data/batch_loader.hpp"
#include "rondo/data/image_decoder.hpp"

namespace rondo::data {

/// Takes batches to a GPU beside its work: a ring of pinned host memory and the GPU's, and a stream
/// of its own for the copies and for decoding what comes as stored.
///
/// A batch may be sent before the work on those in front of it is even queued: its way then lies
/// beside that work. Local; one thread at a time, and one stream that uses the batches. Bytes over
/// the link for a
/// sample: 4 C H W + 4 of decoded images; of stored ones those that the data set has and 44, so for
/// u8 a quarter if they are not resized.
class DeviceBatches {
 public:
  /// A batch in the GPU's memory, or some that lie one behind the other, for what is queued on the
  /// stream until the next take().
  struct Batch {
    DeviceSpan<const float> images;         ///< (N, C, H, W)
    DeviceSpan<const std::int32_t> labels;  ///< (N)
    std::size_t lanes = 1;                  ///< batches in it
  };

  struct Options {
    std::size_t samples = 1;          ///< of the largest batch
    std::size_t sample_elements = 1;  ///< C * H * W
    std::size_t lanes = 1;            ///< batches that take() yields at once
    /// Such `lanes` batches between host and the end of the work, 2 at least.
    std::size_t slots = 3;
    /// Given: batches come in ImageForm::stored and are decoded on the GPU, to `sample_elements`.
    std::optional<ImageDecoding> decoding = {};
  };

  /// \throws UsageError  no lanes, too few slots, or a decoding to other images; DeviceError  out
  /// of memory
  DeviceBatches(const Device& device, const Options& options);

  /// Copies the batch's valid samples, which may then change, and queues their way. Waits only
  /// where all slots are still on their way to the GPU. \throws UsageError  slots - 1 that were not
  /// taken yet, more samples than Options::samples, images in the other form or of other
  /// sizes, or a transform that check() refuses; DeviceError
  void send(const LaneBatch& batch);
  /// The Options::lanes batches, or as many as there are, that were sent first of those not taken
  /// yet: what `stream` is given afterwards sees them. One, if all have Options::samples samples,
  /// else one by one. Valid until the next send(). \throws UsageError  none was sent; DeviceError
  std::span<const Batch> take(DeviceStream& stream);
  /// Batches that were sent and not taken yet.
  std::size_t ahead() const noexcept { return sent_ - taken_; }
  /// Whether a send() would find room.
  bool has_room() const noexcept;

 private:
  struct Slot {
    Slot(const Device& device, const Options& options);

    PinnedMemory<float> pinned_images;  ///< without decoding
    PinnedMemory<std::byte> pinned_stored;
    PinnedMemory<ImageTransform> pinned_transforms;
    PinnedMemory<std::int32_t> pinned_labels;
    DeviceMemory<float> images;
    DeviceMemory<std::int32_t> labels;
    std::vector<Batch> batches;  ///< sent, one by one
    DeviceEvent arrived;
    DeviceEvent used;  ///< by all work on the batch
  };

  void check(const LaneBatch& batch) const;
  Slot& open_slot();
  /// To the slot's samples from `first` on.
  DeviceSpan<const float> send_images(Slot& slot, std::size_t first, const LaneBatch& batch);
  DeviceSpan<const float> send_stored(Slot& slot, std::size_t first, const LaneBatch& batch);

  Options options_;
  DeviceStream copies_;
  std::optional<ImageDecoder> decoder_;
  // Of the batch whose turn it is on `copies_`:
  DeviceMemory<std::byte> stored_;
  DeviceMemory<ImageTransform> transforms_;
  std::vector<Slot> slots_;
  std::size_t sent_ = 0, taken_ = 0;              ///< batches
  std::size_t sent_slots_ = 0, taken_slots_ = 0;  ///< begun and taken
  std::vector<Batch> whole_;                      ///< what was taken last, if it is one
};

}  // namespace rondo::data
