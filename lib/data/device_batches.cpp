// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/device_batches.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::data {
namespace {

/// Of what was copied to pinned memory, from element `first` on, the way to the GPU. Returns where
/// it will be.
template <class T>
DeviceSpan<const T> send_part(DeviceStream& copies, std::span<const T> values, std::size_t first,
                              PinnedMemory<T>& pinned, DeviceSpan<T> memory) {
  const std::span<T> own = pinned.span().subspan(first, values.size());
  std::ranges::copy(values, own.begin());
  copy(copies, std::span<const T>(own), memory);
  return memory;
}

/// The most of a batch that a slot has to hold.
template <class T>
PinnedMemory<T> pinned(std::size_t count) {
  return {count, "a batch's images"};
}

}  // namespace

DeviceBatches::Slot::Slot(const Device& device, const Options& options)
    : pinned_labels(options.lanes * options.samples, "a batch's labels"),
      images(device, options.lanes * options.samples * options.sample_elements, "a batch's images"),
      labels(device, options.lanes * options.samples, "a batch's labels"),
      arrived(device),
      used(device) {
  const std::size_t samples = options.lanes * options.samples;
  if (options.decoding) {
    pinned_stored = pinned<std::byte>(samples * options.decoding->stored_bytes());
    pinned_transforms = pinned<ImageTransform>(samples);
  } else {
    pinned_images = pinned<float>(samples * options.sample_elements);
  }
}

DeviceBatches::DeviceBatches(const Device& device, const Options& options)
    : options_(options), copies_(device, "batches") {
  require(options.slots > 1, "DeviceBatches: at least two slots");
  require(options.lanes > 0, "DeviceBatches: at least one lane");
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

bool DeviceBatches::has_room() const noexcept {
  // The slot that was taken last is still in use.
  if (sent_slots_ - taken_slots_ + 1 < slots_.size()) return true;
  return sent_slots_ > taken_slots_ &&
         slots_[(sent_slots_ - 1) % slots_.size()].batches.size() < options_.lanes;
}

/// The slot that the next batch belongs to.
DeviceBatches::Slot& DeviceBatches::open_slot() {
  require(has_room(), "DeviceBatches: too many batches sent and not taken");
  if (sent_slots_ > taken_slots_) {
    Slot& last = slots_[(sent_slots_ - 1) % slots_.size()];
    if (last.batches.size() < options_.lanes) return last;
  }
  Slot& slot = slots_[sent_slots_++ % slots_.size()];
  slot.arrived.wait();
  slot.batches.clear();
  return slot;
}

void DeviceBatches::send(const LaneBatch& batch) {
  check(batch);
  Slot& slot = open_slot();
  const std::size_t first = slot.batches.size() * options_.samples;
  slot.batches.push_back(
      {.images = decoder_ ? send_stored(slot, first, batch) : send_images(slot, first, batch),
       .labels = send_part(copies_, batch.labels.span().first(batch.count), first,
                           slot.pinned_labels, slot.labels.span().subspan(first, batch.count))});
  slot.arrived.record(copies_);
  ++sent_;
}

std::span<const DeviceBatches::Batch> DeviceBatches::take(DeviceStream& stream) {
  require(ahead() > 0, "DeviceBatches: no batch was sent");
  // All that the stream was given so far is the work on the batches before these.
  if (taken_slots_ > 0) slots_[(taken_slots_ - 1) % slots_.size()].used.record(stream);
  const Slot& slot = slots_[taken_slots_++ % slots_.size()];
  const std::size_t lanes = slot.batches.size();
  taken_ += lanes;
  stream.wait_for(slot.arrived);
  const auto is_full = [&](const Batch& batch) { return batch.labels.size() == options_.samples; };
  if (lanes == 1 || !std::ranges::all_of(slot.batches, is_full)) return slot.batches;
  whole_ = {
      {.images = slot.images.span().first(lanes * options_.samples * options_.sample_elements),
       .labels = slot.labels.span().first(lanes * options_.samples),
       .lanes = lanes}};
  return whole_;
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

DeviceSpan<const float> DeviceBatches::send_images(Slot& slot, std::size_t first,
                                                   const LaneBatch& batch) {
  const std::size_t elements = batch.count * options_.sample_elements;
  copies_.wait_for(slot.used);
  return send_part(copies_, batch.images.span().first(elements), first * options_.sample_elements,
                   slot.pinned_images,
                   slot.images.span().subspan(first * options_.sample_elements, elements));
}

/// The copies need not wait for the work on the slot's last batches: only what writes to its
/// memory.
DeviceSpan<const float> DeviceBatches::send_stored(Slot& slot, std::size_t first,
                                                   const LaneBatch& batch) {
  const std::size_t sample_bytes = options_.decoding->stored_bytes();
  const std::size_t bytes = batch.count * sample_bytes;
  const auto stored =
      send_part(copies_, batch.stored.samples.span().first(bytes), first * sample_bytes,
                slot.pinned_stored, stored_.span().first(bytes));
  const auto transforms =
      send_part(copies_, batch.stored.transforms.span().first(batch.count), first,
                slot.pinned_transforms, transforms_.span().first(batch.count));
  copies_.wait_for(slot.used);
  const auto images = slot.images.span().subspan(first * options_.sample_elements,
                                                 batch.count * options_.sample_elements);
  decoder_->decode(copies_, stored, transforms, images);
  return images;
}

}  // namespace rondo::data
