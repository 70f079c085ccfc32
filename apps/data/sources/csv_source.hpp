// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/csv_records.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

enum class CsvHeader { automatic, yes, no };

struct CsvLayout {
  char separator = ',';
  CsvHeader header = CsvHeader::automatic;  ///< automatic: the first line has no number at all
  std::string label;  ///< the column's name, or its number from 1; empty: no labels
  std::vector<std::string> class_names;  ///< labels may be these texts instead of numbers
  std::size_t classes = 0;               ///< labels must be below; 0: any
};

/// Rows of numbers: field `feature`, f32, of all columns but the label's, and field `label`, i32.
class CsvSource final : public SampleSource {
 public:
  /// \throws IoError  bad_content: no rows, no such label column
  CsvSource(ByteInput file, CsvLayout layout);

  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return std::nullopt; }
  std::size_t read(SampleBatch& batch) override;

 private:
  static constexpr std::size_t no_label = SIZE_MAX;
  void read_first_line();
  std::size_t find_label(std::size_t columns) const;
  void store(SampleBatch& batch, std::size_t sample) const;
  float number(std::size_t column) const;
  std::int32_t label(std::string_view text) const;
  std::string column_name(std::size_t column) const;

  CsvRecords records_;
  CsvLayout layout_;
  std::vector<std::string> names_;  ///< of the columns, if there is a header
  std::vector<std::string> cells_;  ///< of the record that comes next
  bool has_record_ = false;
  std::size_t columns_ = 0;
  std::size_t label_ = no_label;
  std::vector<data::FieldSpec> fields_;
};

}  // namespace rondo::apps
