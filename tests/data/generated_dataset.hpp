// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "rondo/data/dataset_writer.hpp"

namespace rondo::test {

/// Fixed but patternless bytes, another sequence for each sample.
inline std::vector<std::uint8_t> sample_bytes(std::uint64_t sample, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  std::uint64_t state = sample * 2654435761U + 12345;
  for (std::uint8_t& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  return bytes;
}

inline std::uint8_t sample_label(std::uint64_t sample, std::size_t classes) {
  return static_cast<std::uint8_t>(sample * 7 % classes);
}

/// A small description; the caller changes what matters to its test.
inline data::DatasetDescription small_description() {
  return {.train_samples = 23,
          .test_samples = 5,
          .channels = 2,
          .height = 3,
          .width = 4,
          .classes = 3,
          .chunk_samples = 4,
          .class_names = {"a", "b", "c"},
          .source = "generated"};
}

/// Writes sample_bytes and sample_label; the test split counts on where train ends.
inline void generate_dataset(const std::filesystem::path& path,
                             const data::DatasetDescription& description) {
  data::DatasetWriter writer(path, description);
  const std::size_t elements = description.channels * description.height * description.width;
  const std::size_t total = description.train_samples + description.test_samples;
  for (std::uint64_t sample = 0; sample < total; ++sample) {
    const std::vector<std::uint8_t> label{sample_label(sample, description.classes)};
    writer.append(sample < description.train_samples ? "train" : "test",
                  sample_bytes(sample, elements), label);
  }
  writer.finish();
}

}  // namespace rondo::test
