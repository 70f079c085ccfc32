// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
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

/// An image set to generate; the caller changes what matters to its test.
struct ImageSet {
  std::size_t train_samples = 0, test_samples = 0;
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t classes = 0;
  std::size_t chunk_samples = 0;
  std::vector<std::string> class_names = {};
  std::string source = {};

  std::size_t sample_elements() const { return channels * height * width; }
};

inline ImageSet small_description() {
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

inline data::DatasetDescription describe(const ImageSet& set) {
  return {.fields = {{.name = "image", .sample_shape = {set.channels, set.height, set.width}},
                     {.name = "label"}},
          .splits = {{"train", set.train_samples}, {"test", set.test_samples}},
          .classes = set.classes,
          .class_names = set.class_names,
          .source = set.source,
          .storage = {.chunk_samples = set.chunk_samples}};
}

/// Appends samples of one type for each field.
template <class... Elements>
void append(data::DatasetWriter& writer, const std::string& split, std::size_t count,
            const std::vector<Elements>&... fields) {
  const std::vector<std::span<const std::byte>> bytes{std::as_bytes(std::span(fields))...};
  writer.append(split, count, bytes);
}

/// Writes sample_bytes and sample_label; the test split counts on where train ends.
inline void generate_dataset(const std::filesystem::path& path, const ImageSet& set) {
  data::DatasetWriter writer(path, describe(set));
  for (std::uint64_t sample = 0; sample < set.train_samples + set.test_samples; ++sample)
    append(writer, sample < set.train_samples ? "train" : "test", 1,
           sample_bytes(sample, set.sample_elements()),
           std::vector<std::uint8_t>{sample_label(sample, set.classes)});
  writer.finish();
}

}  // namespace rondo::test
