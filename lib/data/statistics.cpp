// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/statistics.hpp"

#include <cmath>
#include <cstring>
#include <type_traits>

#include "rondo/base/error.hpp"

#include "data/schema.hpp"

namespace rondo::data {

ImageShape image_shape(const FieldSpec& image) {
  const Shape& shape = image.sample_shape;
  require(shape.size() == 2 || shape.size() == 3, "image_shape: not an image");
  return {shape.size() == 3 ? shape[0] : 1, shape[shape.size() - 2], shape.back()};
}

ImageStatistics::ImageStatistics(const FieldSpec& image)
    : dtype_(image.dtype),
      plane_elements_(image_shape(image).height * image_shape(image).width),
      channels_(image_shape(image).channels) {}

void ImageStatistics::add(std::span<const std::byte> images) {
  const std::size_t plane_bytes = plane_elements_ * size_of(dtype_);
  require(images.size() % (plane_bytes * channels_.size()) == 0, "ImageStatistics: whole images");
  for (std::size_t plane = 0; plane * plane_bytes < images.size(); ++plane) {
    Sums& sums = channels_[plane % channels_.size()];
    const auto bytes = images.subspan(plane * plane_bytes, plane_bytes);
    dtype_ == DType::u8 ? add_bytes(sums, bytes) : add_floats(sums, bytes);
  }
  elements_ += images.size() / size_of(dtype_) / channels_.size();
}

void ImageStatistics::add_bytes(Sums& sums, std::span<const std::byte> plane) const {
  for (const std::byte byte : plane) {
    const auto value = std::to_integer<std::uint64_t>(byte);
    sums.whole += value;
    sums.whole_squares += value * value;
  }
}

void ImageStatistics::add_floats(Sums& sums, std::span<const std::byte> plane) const {
  for (std::size_t i = 0; i < plane.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, plane.data() + i, sizeof value);
    sums.real += double{value};
    sums.real_squares += double{value} * double{value};
  }
}

void ImageStatistics::merge(const ImageStatistics& other) {
  require(other.channels_.size() == channels_.size(), "ImageStatistics: of the same field");
  elements_ += other.elements_;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    channels_[i].whole += other.channels_[i].whole;
    channels_[i].whole_squares += other.channels_[i].whole_squares;
    channels_[i].real += other.channels_[i].real;
    channels_[i].real_squares += other.channels_[i].real_squares;
  }
}

std::vector<double> ImageStatistics::mean() const {
  const auto count = static_cast<double>(elements_);
  std::vector<double> means;
  for (const Sums& sums : channels_)
    means.push_back(dtype_ == DType::u8 ? static_cast<double>(sums.whole) / count / 255.0
                                        : sums.real / count);
  return means;
}

std::vector<double> ImageStatistics::deviation() const {
  constexpr double least_variance = 1e-10;
  const auto count = static_cast<double>(elements_);
  const std::vector<double> means = mean();
  std::vector<double> deviations;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const double mean_square =
        dtype_ == DType::u8
            ? static_cast<double>(channels_[i].whole_squares) / count / (255.0 * 255.0)
            : channels_[i].real_squares / count;
    const double variance = mean_square - means[i] * means[i];
    deviations.push_back(variance > least_variance ? std::sqrt(variance) : 1.0);
  }
  return deviations;
}

void LabelStatistics::add(DType dtype, std::span<const std::byte> labels) {
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T>) {
      for (std::size_t i = 0; i < labels.size(); i += sizeof(T)) {
        T label = 0;
        std::memcpy(&label, labels.data() + i, sizeof label);
        add_one(static_cast<std::int64_t>(label));
      }
    } else {
      throw UsageError("LabelStatistics: labels are whole numbers");
    }
  });
}

void LabelStatistics::add_one(std::int64_t label) {
  const std::size_t limit = classes_ == 0 ? schema::max_classes : classes_;
  if (label < 0 || static_cast<std::uint64_t>(label) >= limit) {
    if (outlier_.count++ == 0) outlier_ = {label, samples_, 1};
  } else {
    const auto index = static_cast<std::size_t>(label);
    if (index >= counts_.size()) counts_.resize(index + 1);
    ++counts_[index];
  }
  ++samples_;
}

}  // namespace rondo::data
