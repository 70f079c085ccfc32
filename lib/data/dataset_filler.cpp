// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/dataset_filler.hpp"

#include <algorithm>
#include <utility>

#include "data/augment.hpp"
#include "data/schema.hpp"

namespace rondo::data {
namespace {

/// Moved by more than its length, an image is as far away as it gets.
std::int32_t within(std::size_t length, std::ptrdiff_t offset) {
  const auto most = static_cast<std::ptrdiff_t>(length);
  return static_cast<std::int32_t>(std::clamp(offset, -most, most));
}

}  // namespace

DatasetFiller::DatasetFiller(const DatasetInfo& info, std::vector<FieldInfo> fields,
                             std::size_t micro_batch, const BatchLoader::Options& options)
    : fields_(std::move(fields)),
      micro_batch_(micro_batch),
      stored_{info.height, info.width},
      size_{options.image_size.value_or(info.height), options.image_size.value_or(info.width)},
      resizes_(options.image_size || options.augmentation.resized_crop),
      stored_elements_(info.sample_elements()),
      image_elements_(info.channels * size_.height * size_.width),
      form_(options.image_form),
      normalizer_(info),
      augmentation_(options.augmentation),
      seed_(options.seed) {}

LaneBatch DatasetFiller::make() const {
  LaneBatch batch;
  for (const FieldInfo& field : fields_) {
    if (field.name == schema::image && form_ == ImageForm::stored)
      batch.stored = {AlignedBuffer<std::byte>(micro_batch_ * field.sample_bytes()),
                      AlignedBuffer<ImageTransform>(micro_batch_)};
    else if (field.name == schema::image)
      batch.images = AlignedBuffer<float>(micro_batch_ * image_elements_);
    else if (field.name == schema::label)
      batch.labels = AlignedBuffer<std::int32_t>(micro_batch_);
    else
      batch.others.push_back(
          {field, AlignedBuffer<std::byte>(micro_batch_ * field.sample_bytes())});
  }
  return batch;
}

void DatasetFiller::fill(LaneBatch& batch, std::size_t place, std::uint64_t sample,
                         const ChunkRows& rows, std::size_t row,
                         std::vector<float>& scratch) const {
  auto other = batch.others.begin();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const FieldInfo& field = fields_[i];
    const auto stored =
        rows.fields[i].span().subspan(row * field.sample_bytes(), field.sample_bytes());
    if (field.name == schema::image && form_ == ImageForm::stored) {
      std::ranges::copy(stored, batch.stored.samples.data() + place * stored.size());
      batch.stored.transforms[place] = transform_of(batch.epoch, sample);
    } else if (field.name == schema::image) {
      fill_image(batch, place, sample, field.dtype, stored, scratch);
    } else if (field.name == schema::label) {
      batch.labels[place] = label_value(field.dtype, stored);
    } else {
      std::ranges::copy(stored, other->samples.data() + place * stored.size());
      ++other;
    }
  }
}

void DatasetFiller::fill_image(LaneBatch& batch, std::size_t place, std::uint64_t sample,
                               DType dtype, std::span<const std::byte> stored,
                               std::vector<float>& scratch) const {
  const auto image = batch.images.span().subspan(place * image_elements_, image_elements_);
  if (resizes_) {
    scratch.resize(stored_elements_);
    normalizer_.normalize(dtype, stored, scratch);
    resize(crop_of(batch.epoch, sample), stored_, scratch, size_, image);
  } else {
    normalizer_.normalize(dtype, stored, image);
  }
  apply_change(draw_change(augmentation_, seed_, batch.epoch, sample), size_.height, size_.width,
               image, scratch);
  if (augmentation_.noise != 0)
    add_noise(augmentation_.noise, draw_noise_key(seed_, batch.epoch, sample), image);
}

Crop DatasetFiller::crop_of(std::size_t epoch, std::uint64_t sample) const {
  return augmentation_.resized_crop ? draw_crop(stored_, seed_, epoch, sample)
                                    : middle_crop(stored_);
}

ImageTransform DatasetFiller::transform_of(std::size_t epoch, std::uint64_t sample) const {
  const Crop crop = resizes_ ? crop_of(epoch, sample) : Crop{.extent = stored_};
  const Change change = draw_change(augmentation_, seed_, epoch, sample);
  return {.top = static_cast<std::uint32_t>(crop.top),
          .left = static_cast<std::uint32_t>(crop.left),
          .height = static_cast<std::uint32_t>(crop.extent.height),
          .width = static_cast<std::uint32_t>(crop.extent.width),
          .right = within(size_.width, change.right),
          .down = within(size_.height, change.down),
          .noise = augmentation_.noise,
          .flip = change.flip,
          .resize = resizes_,
          .noise_key = augmentation_.noise == 0 ? 0 : draw_noise_key(seed_, epoch, sample)};
}

}  // namespace rondo::data
