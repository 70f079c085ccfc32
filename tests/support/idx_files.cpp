// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/idx_files.hpp"

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <string>

#include "rondo/base/philox.hpp"

namespace rondo::test {
namespace {

constexpr std::uint32_t classes = 10;

void write_header(std::ostream& out, std::initializer_list<std::uint32_t> dimensions) {
  const auto put = [&out](std::uint32_t value) {
    for (const int shift : {24, 16, 8, 0})
      out.put(static_cast<char>(value >> shift & 0xFFU));
  };
  put(0x0800U | static_cast<std::uint32_t>(dimensions.size()));  // 08: unsigned bytes
  for (const std::uint32_t dimension : dimensions)
    put(dimension);
}

/// A pixel is bright or dark by its class, then blurred by up to half the range of noise.
char pixel(std::uint32_t label, std::size_t sample, std::uint32_t position) {
  const Philox patterns(1, RandomPurpose::initialize, label);
  const Philox noise(2, RandomPurpose::augment, position);
  const bool bright = Philox::uniform(patterns.block(position / 3)[0]) < 0.5F;
  const float value = (bright ? 150.0F : 0.0F) + 105.0F * Philox::uniform(noise.block(sample)[0]);
  return static_cast<char>(static_cast<std::uint8_t>(value));
}

void write_split(const std::filesystem::path& directory, const std::string& prefix,
                 std::size_t count, std::size_t first_sample, std::uint32_t side) {
  std::ofstream images(directory / (prefix + "-images-idx3-ubyte"), std::ios::binary);
  std::ofstream labels(directory / (prefix + "-labels-idx1-ubyte"), std::ios::binary);
  const auto size = static_cast<std::uint32_t>(count);
  write_header(images, {size, side, side});
  write_header(labels, {size});
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::uint32_t>(i % classes);
    labels.put(static_cast<char>(label));
    for (std::uint32_t p = 0; p < side * side; ++p)
      images.put(pixel(label, first_sample + i, p));
  }
}

}  // namespace

void write_learnable_idx(const std::filesystem::path& directory, SampleCounts counts,
                         std::uint32_t side) {
  std::filesystem::create_directories(directory);
  write_split(directory, "train", counts.train, 0, side);
  write_split(directory, "t10k", counts.test, counts.train, side);
}

}  // namespace rondo::test
