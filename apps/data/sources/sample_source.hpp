// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "rondo/data/fields.hpp"

/// What `rondo-data convert` reads: one class a format, none of which knows of HDF5.
namespace rondo::apps {

/// Room for some samples of all fields.
class SampleBatch {
 public:
  SampleBatch(const std::vector<data::FieldSpec>& fields, std::size_t capacity)
      : capacity_(capacity) {
    for (const data::FieldSpec& field : fields) {
      sample_bytes_.push_back(field.sample_bytes());
      elements_.emplace_back(capacity * field.sample_bytes());
    }
  }

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t field_count() const noexcept { return elements_.size(); }

  /// Samples [first, first + count) of a field.
  std::span<std::byte> samples(std::size_t field, std::size_t first, std::size_t count) {
    return std::span(elements_[field])
        .subspan(first * sample_bytes_[field], count * sample_bytes_[field]);
  }

 private:
  std::size_t capacity_;
  std::vector<std::size_t> sample_bytes_;
  std::vector<std::vector<std::byte>> elements_;
};

/// The samples of one split, from front to back, in bounded memory.
class SampleSource {
 public:
  SampleSource() = default;
  SampleSource(const SampleSource&) = delete;
  SampleSource& operator=(const SampleSource&) = delete;
  virtual ~SampleSource() = default;

  /// The same for all samples.
  virtual const std::vector<data::FieldSpec>& fields() const = 0;

  /// How many samples there are, if the input says so beforehand.
  virtual std::optional<std::size_t> samples() const = 0;

  /// Puts the next samples at the front of `batch` and returns how many; 0 at the end only.
  /// \throws IoError  bad_content: where in the input, expected and found
  virtual std::size_t read(SampleBatch& batch) = 0;
};

}  // namespace rondo::apps
