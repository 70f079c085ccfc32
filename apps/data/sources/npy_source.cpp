// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/npy_source.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo::apps {
namespace {

constexpr std::size_t most_channels_last = 4;

Shape image_sample_shape(const NpyArray& array) {
  const Shape& shape = array.shape();
  const bool is_image = (array.dtype() == DType::u8 || array.dtype() == DType::f32) &&
                        (shape.size() == 3 || shape.size() == 4);
  if (!is_image)
    array.fail(
        fmt::format("expected u1 or f4 images (samples, channels, height, width), found {} "
                    "({})",
                    name_of(array.dtype()), fmt::join(shape, ", ")));
  if (shape.size() == 3) return {1, shape[1], shape[2]};
  if (shape[1] > most_channels_last && shape[3] <= most_channels_last)
    array.fail(
        fmt::format("expected images (samples, channels, height, width), found ({}), which "
                    "looks like channels last: save array.transpose(0, 3, 1, 2)",
                    fmt::join(shape, ", ")));
  return {shape[1], shape[2], shape[3]};
}

data::FieldSpec field_of(const std::string& name, const NpyArray& array) {
  data::FieldSpec field{.name = name, .dtype = array.dtype()};
  field.sample_shape.assign(array.shape().begin() + 1, array.shape().end());
  if (name == "image") field.sample_shape = image_sample_shape(array);
  if (name == "label" && field.sample_shape == Shape{1}) field.sample_shape.clear();
  return field;
}

}  // namespace

NpySource::NpySource(std::vector<NamedInput> inputs) {
  for (auto& [name, input] : inputs) {
    const NpyArray& array = arrays_.emplace_back(std::move(input));
    fields_.push_back(field_of(name, array));
    if (array.shape()[0] != arrays_.front().shape()[0])
      array.fail(fmt::format("expected {} samples, as {} has, found {}", arrays_.front().shape()[0],
                             arrays_.front().name(), array.shape()[0]));
  }
}

std::size_t NpySource::read(SampleBatch& batch) {
  const std::size_t count = std::min(batch.capacity(), *samples() - samples_read_);
  if (count == 0) return 0;
  for (std::size_t i = 0; i < arrays_.size(); ++i)
    arrays_[i].read_rows(samples_read_, count, batch.samples(i, 0, count));
  samples_read_ += count;
  return count;
}

}  // namespace rondo::apps
