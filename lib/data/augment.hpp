// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/data/batch_loader.hpp"

namespace rondo::data {

/// What is done to one image: mirrored first, then moved right by `right` and down by `down`
/// pixels.
struct Change {
  bool flip = false;
  std::ptrdiff_t right = 0;
  std::ptrdiff_t down = 0;
};

/// A pure function of its arguments: independent of lanes, ranks, threads and order.
Change draw_change(const Augmentation& augmentation, std::uint64_t seed, std::size_t epoch,
                   std::uint64_t sample);

/// Applies `change` to each (height, width) plane of `image`, zeros shifted in. `scratch` is
/// resized to one plane.
void apply_change(const Change& change, std::size_t height, std::size_t width,
                  std::span<float> image, std::vector<float>& scratch);

/// What the noise of a sample is drawn by; as pure as draw_change().
std::uint64_t draw_noise_key(std::uint64_t seed, std::size_t epoch, std::uint64_t sample);

/// Adds normal noise of this deviation to each value; nothing if it is 0. A pure function of its
/// arguments, element by element (noise_at()).
void add_noise(float deviation, std::uint64_t key, std::span<float> image);

}  // namespace rondo::data
