// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sample_values.hpp"

#include <cstring>
#include <type_traits>

#include "rondo/base/error.hpp"

#include "data/kernels/image_elements.hpp"

namespace rondo::data {

ImageNormalizer::ImageNormalizer(const DatasetInfo& info)
    : plane_(info.height * info.width), mean_(info.mean), deviation_(info.deviation) {
  for (std::size_t channel = 0; channel < info.channels; ++channel)
    tables_.emplace_back(double{mean_[channel]}, double{deviation_[channel]});
}

void ImageNormalizer::normalize(DType dtype, std::span<const std::byte> stored,
                                std::span<float> out) const {
  if (dtype == DType::f32) std::memcpy(out.data(), stored.data(), stored.size());
  for (std::size_t channel = 0; channel < tables_.size(); ++channel) {
    const auto target = out.subspan(channel * plane_, plane_);
    if (dtype == DType::f32) {
      for (float& value : target)
        value = normalized(value, mean_[channel], deviation_[channel]);
      continue;
    }
    tables_[channel].look_up(stored.subspan(channel * plane_, plane_), target);
  }
}

std::int32_t label_value(DType dtype, std::span<const std::byte> stored) {
  return dispatch(dtype, [&]<class T>(std::type_identity<T>) -> std::int32_t {
    if constexpr (std::is_integral_v<T>) {
      T label = 0;
      std::memcpy(&label, stored.data(), sizeof label);
      return static_cast<std::int32_t>(label);
    } else {
      throw UsageError("label_value: labels are whole numbers");
    }
  });
}

}  // namespace rondo::data
