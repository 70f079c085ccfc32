// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/dataset.hpp"

#include "data/statistics.hpp"
#include "io/hdf5.hpp"

namespace rondo::data {

/// Compares what a file's attributes say of a field's samples with the samples: mean and deviation
/// of the training images, label_counts of a split. Counts in parts, so that threads can share the
/// work. Of a field that no attribute speaks of, it does nothing.
class AttributeCheck {
 public:
  AttributeCheck() = default;
  /// `split` as schema::read_headers() gives it.
  AttributeCheck(const io::Hdf5File& file, const DatasetInfo& split, const FieldInfo& field);

  /// An empty one of the same field, to be added to and merged.
  AttributeCheck part() const;
  void add(std::span<const std::byte> samples);
  /// Some samples are missing: there will be nothing to compare.
  void give_up() noexcept { is_complete_ = false; }
  void merge(const AttributeCheck& part);

  /// What differs, a clause each.
  std::vector<std::string> problems() const;

 private:
  void compare(const char* attribute, const std::vector<float>& stated,
               const std::vector<double>& found, std::vector<std::string>& problems) const;

  FieldInfo field_;
  std::string split_;
  bool is_complete_ = true;
  std::vector<float> mean_, deviation_;
  std::optional<ImageStatistics> images_;
  std::size_t classes_ = 0;
  std::vector<std::uint64_t> stated_counts_, counts_;  ///< of labels
};

}  // namespace rondo::data
