// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/device_stream.hpp"
#include "rondo/base/dtype.hpp"
#include "rondo/data/image_decoder.hpp"

namespace rondo::data::cuda {

/// What ImageDecoder::decode does, in the GPU's memory.
struct Decode {
  DType stored_type;
  const std::byte* stored;
  std::uint32_t channels, stored_height, stored_width;
  const float* tables;  ///< see ImageDecoder
  const ImageTransform* transforms;
  std::size_t samples;
  std::uint32_t height, width;
  DType type;  ///< f32, bf16 or f16
  void* images;
  ImageLayout layout;
};

void queue(DeviceStream& stream, const Decode& decode);

}  // namespace rondo::data::cuda
