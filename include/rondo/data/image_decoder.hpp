// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/dtype.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/stored_images.hpp"

namespace rondo::data {

/// Stored images and those of a batch.
struct ImageDecoding {
  DType stored = DType::u8;  ///< or f32
  std::size_t channels = 0;
  std::size_t stored_height = 0, stored_width = 0;
  std::size_t height = 0, width = 0;             ///< of the batch's images
  std::vector<float> mean = {}, deviation = {};  ///< of each channel, as DatasetInfo's

  std::size_t stored_bytes() const {
    return channels * stored_height * stored_width * size_of(stored);
  }
  std::size_t elements() const noexcept { return channels * height * width; }
};

/// Of a split's images; `image_size` as BatchLoader::Options::image_size.
ImageDecoding image_decoding(const DatasetInfo& info, std::optional<std::size_t> image_size = {});

/// \throws UsageError  the transform's part is not within the stored image, or has not the size of
/// the batch's images though it is not to be resized
void check(const ImageTransform& transform, const ImageDecoding& decoding);

/// Where the values of an image's channels lie.
enum class ImageLayout : std::uint8_t {
  planar,        ///< (N, C, H, W)
  channels_last  ///< (N, H, W, C)
};

/// Makes a batch's images of stored ones on a GPU: part, resizing, mirroring, moving, normalising,
/// noise and rounding in one launch, with the values of BatchLoader's decoded images in every bit.
///
/// Local. A u8 value is looked up in a table of its channel's 256 values, f32 values are computed.
/// Bytes that move for a sample: those of the taken part, once if the cache keeps what taps share,
/// 40 of its transform, and b C H W of the result in a type of b bytes.
class ImageDecoder {
 public:
  /// Waits until the tables are on the GPU.
  /// \throws UsageError  neither u8 nor f32, no mean or deviation for each channel, or sides or
  /// channels that are 0 or beyond 2^31; DeviceError
  ImageDecoder(const Device& device, ImageDecoding decoding);

  /// Queues the decoding of all `transforms.size()` images. `stored` is (N, C, H, W), at a multiple
  /// of the stored type; the transforms are such as check() lets pass.
  /// \throws UsageError  lengths that do not fit; DeviceError
  template <class T>
  requires std::same_as<T, float> || std::same_as<T, bfloat16> || std::same_as<T, half>
  void decode(DeviceStream& stream, DeviceSpan<const std::byte> stored,
              DeviceSpan<const ImageTransform> transforms, DeviceSpan<T> images,
              ImageLayout layout = ImageLayout::planar) const {
    check_lengths(stored.size(), transforms.size(), images.size());
    queue(stream, stored.data(), transforms, dtype_of<T>, images.data(), layout);
  }

  const ImageDecoding& decoding() const noexcept { return decoding_; }

 private:
  void check_lengths(std::size_t stored_bytes, std::size_t samples, std::size_t elements) const;
  void queue(DeviceStream& stream, const std::byte* stored,
             DeviceSpan<const ImageTransform> transforms, DType dtype, void* images,
             ImageLayout layout) const;

  ImageDecoding decoding_;
  DeviceMemory<float> tables_;  ///< (C, 256) values of bytes, or (C, 2): mean and deviation
};

}  // namespace rondo::data
