// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace rondo::test {

struct SampleCounts {
  std::size_t train = 0;
  std::size_t test = 0;
};

/// Makes `directory` with the four IDX files of a data set, named as MNIST's: square images in ten
/// classes, each class a pattern of its own under noise, so that a small network learns them.
void write_learnable_idx(const std::filesystem::path& directory, SampleCounts counts,
                         std::uint32_t side = 12);

}  // namespace rondo::test
