// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/device_batches.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::data {
namespace {

/// Of what was copied to pinned memory, the way to the GPU. Returns where it will be.
template <class T>
DeviceSpan<const T> send_part(DeviceStream& copies, std::span<const T> values,
                              PinnedMemory<T>& pinned, DeviceMemory<T>& memory) {
  std::ranges::copy(values, pinned.span().begin());
  const DeviceSpan<T> part = memory.span().first(values.size());
  copy(copies, std::span<const T>(pinned.span().first(values.size())), part);
  return part;
}

}  // namespace

DeviceBatches::Slot::Slot(const Device& device, const Options& options)
    : pinned_images(options.samples * options.sample_elements, "a batch's images"),
      pinned_labels(options.samples, "a batch's labels"),
      images(device, options.samples * options.sample_elements, "a batch's images"),
      labels(device, options.samples, "a batch's labels"),
      arrived(device),
      used(device) {}

DeviceBatches::DeviceBatches(const Device& device, const Options& options)
    : options_(options), copies_(device) {
  require(options.slots > 0, "DeviceBatches: at least one slot");
  for (std::size_t i = 0; i < options.slots; ++i)
    slots_.emplace_back(device, options);
}

DeviceBatches::Batch DeviceBatches::send(DeviceStream& stream, const LaneBatch& batch) {
  if (batch.count > options_.samples)
    throw UsageError(fmt::format("a batch of {} samples for a GPU that has memory for {}",
                                 batch.count, options_.samples));
  // All that the stream was given so far is the work on the batch before this one.
  if (sent_ > 0) slots_[(sent_ - 1) % slots_.size()].used.record(stream);
  Slot& slot = slots_[sent_++ % slots_.size()];
  slot.arrived.wait();
  copies_.wait_for(slot.used);
  const Batch sent{.images = send_part(
                       copies_, batch.images.span().first(batch.count * options_.sample_elements),
                       slot.pinned_images, slot.images),
                   .labels = send_part(copies_, batch.labels.span().first(batch.count),
                                       slot.pinned_labels, slot.labels)};
  slot.arrived.record(copies_);
  stream.wait_for(slot.arrived);
  return sent;
}

}  // namespace rondo::data
