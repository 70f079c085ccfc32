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

/// The most of a batch that a slot has to hold.
template <class T>
PinnedMemory<T> pinned(std::size_t count) {
  return {count, "a batch's images"};
}

}  // namespace

DeviceBatches::Slot::Slot(const Device& device, const Options& options)
    : pinned_labels(options.samples, "a batch's labels"),
      images(device, options.samples * options.sample_elements, "a batch's images"),
      labels(device, options.samples, "a batch's labels"),
      arrived(device),
      used(device) {
  if (options.decoding) {
    pinned_stored = pinned<std::byte>(options.samples * options.decoding->stored_bytes());
    pinned_transforms = pinned<ImageTransform>(options.samples);
  } else {
    pinned_images = pinned<float>(options.samples * options.sample_elements);
  }
}

DeviceBatches::DeviceBatches(const Device& device, const Options& options)
    : options_(options), copies_(device, "batches") {
  require(options.slots > 1, "DeviceBatches: at least two slots");
  if (options.decoding) {
    require(options.decoding->elements() == options.sample_elements,
            "DeviceBatches: the decoding makes images of another size");
    decoder_.emplace(device, *options.decoding);
    stored_ = {device, options.samples * options.decoding->stored_bytes(), "stored images"};
    transforms_ = {device, options.samples, "what is done to stored images"};
  }
  for (std::size_t i = 0; i < options.slots; ++i)
    slots_.emplace_back(device, options);
}

void DeviceBatches::send(const LaneBatch& batch) {
  check(batch);
  // The slot of the batch that was taken last is still in use.
  require(ahead() + 1 < slots_.size(), "DeviceBatches: too many batches sent and not taken");
  Slot& slot = slots_[sent_ % slots_.size()];
  slot.arrived.wait();
  slot.batch = {.images = decoder_ ? send_stored(slot, batch) : send_images(slot, batch),
                .labels = send_part(copies_, batch.labels.span().first(batch.count),
                                    slot.pinned_labels, slot.labels)};
  slot.arrived.record(copies_);
  ++sent_;
}

DeviceBatches::Batch DeviceBatches::take(DeviceStream& stream) {
  require(ahead() > 0, "DeviceBatches: no batch was sent");
  // All that the stream was given so far is the work on the batch before this one.
  if (taken_ > 0) slots_[(taken_ - 1) % slots_.size()].used.record(stream);
  const Slot& slot = slots_[taken_++ % slots_.size()];
  stream.wait_for(slot.arrived);
  return slot.batch;
}

void DeviceBatches::check(const LaneBatch& batch) const {
  if (batch.count > options_.samples)
    throw UsageError(fmt::format("a batch of {} samples for a GPU that has memory for {}",
                                 batch.count, options_.samples));
  require(batch.labels.size() >= batch.count, "DeviceBatches: fewer labels than samples");
  if (!decoder_) {
    require(batch.images.size() >= batch.count * options_.sample_elements,
            "DeviceBatches: images of another size, or not decoded");
    return;
  }
  require(batch.stored.samples.size() >= batch.count * decoder_->decoding().stored_bytes() &&
              batch.stored.transforms.size() >= batch.count,
          "DeviceBatches: images of another size, or not as stored");
  for (const ImageTransform& transform : batch.stored.transforms.span().first(batch.count))
    data::check(transform, decoder_->decoding());
}

DeviceSpan<const float> DeviceBatches::send_images(Slot& slot, const LaneBatch& batch) {
  copies_.wait_for(slot.used);
  return send_part(copies_, batch.images.span().first(batch.count * options_.sample_elements),
                   slot.pinned_images, slot.images);
}

/// The copies need not wait for the work on the slot's last batch: only what writes to its memory.
DeviceSpan<const float> DeviceBatches::send_stored(Slot& slot, const LaneBatch& batch) {
  const auto stored = send_part(
      copies_, batch.stored.samples.span().first(batch.count * options_.decoding->stored_bytes()),
      slot.pinned_stored, stored_);
  const auto transforms = send_part(copies_, batch.stored.transforms.span().first(batch.count),
                                    slot.pinned_transforms, transforms_);
  copies_.wait_for(slot.used);
  const auto images = slot.images.span().first(batch.count * options_.sample_elements);
  decoder_->decode(copies_, stored, transforms, images);
  return images;
}

}  // namespace rondo::data
