// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/csv_source.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo::apps {
namespace {

/// The whole of `text`, blanks around it aside, as a number.
template <class T>
std::optional<T> parse(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t+"), text.size());
  const std::size_t end = text.find_last_not_of(" \t") + 1;
  if (begin >= end) return std::nullopt;
  T value{};
  const auto [stopped, error] = std::from_chars(text.data() + begin, text.data() + end, value);
  if (error != std::errc() || stopped != text.data() + end) return std::nullopt;
  return value;
}

bool is_number(const std::string& text) {
  return parse<float>(text).has_value();
}

}  // namespace

CsvSource::CsvSource(ByteInput file, CsvLayout layout)
    : records_(std::move(file), layout.separator), layout_(std::move(layout)) {
  read_first_line();
  columns_ = cells_.size();
  label_ = layout_.label.empty() ? no_label : find_label(columns_);
  const std::size_t features = columns_ - (label_ == no_label ? 0 : 1);
  if (features == 0) records_.fail("expected columns of numbers beside the label, found none");
  fields_.push_back({.name = "feature", .dtype = DType::f32, .sample_shape = {features}});
  if (label_ != no_label) fields_.push_back({.name = "label", .dtype = DType::i32});
}

void CsvSource::read_first_line() {
  has_record_ = records_.next(cells_);
  const bool is_header =
      layout_.header == CsvHeader::yes || (layout_.header == CsvHeader::automatic &&
                                           std::none_of(cells_.begin(), cells_.end(), is_number));
  if (has_record_ && is_header) {
    names_ = cells_;
    has_record_ = records_.next(cells_);
  }
  if (!has_record_) records_.fail("holds no samples: expected rows of numbers, found none");
  if (!names_.empty() && cells_.size() != names_.size())
    records_.fail(fmt::format("expected {} columns, as the header has, found {}", names_.size(),
                              cells_.size()));
}

std::size_t CsvSource::find_label(std::size_t columns) const {
  const auto found = std::find(names_.begin(), names_.end(), layout_.label);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  const auto number = parse<std::size_t>(layout_.label);
  if (number && *number >= 1 && *number <= columns) return *number - 1;
  records_.fail(fmt::format("expected a label column '{}' (--label), found {}", layout_.label,
                            names_.empty() ? fmt::format("columns 1 to {} without names", columns)
                                           : fmt::format("{}", fmt::join(names_, ", "))));
}

std::size_t CsvSource::read(SampleBatch& batch) {
  std::size_t count = 0;
  for (; has_record_ && count < batch.capacity(); ++count) {
    if (cells_.size() != columns_)
      records_.fail(fmt::format("expected {} columns, found {}", columns_, cells_.size()));
    store(batch, count);
    has_record_ = records_.next(cells_);
  }
  return count;
}

void CsvSource::store(SampleBatch& batch, std::size_t sample) const {
  auto features = batch.samples(0, sample, 1);
  for (std::size_t column = 0; column < columns_; ++column) {
    if (column == label_) continue;
    const float value = number(column);
    std::memcpy(features.data(), &value, sizeof value);
    features = features.subspan(sizeof value);
  }
  if (label_ == no_label) return;
  const std::int32_t value = label(cells_[label_]);
  std::memcpy(batch.samples(1, sample, 1).data(), &value, sizeof value);
}

float CsvSource::number(std::size_t column) const {
  const auto value = parse<float>(cells_[column]);
  if (!value || !std::isfinite(*value))
    records_.fail(fmt::format(
        "{}: expected a finite number, found '{}'{}", column_name(column), cells_[column],
        names_.empty() ? " (--header yes, if the first line has names)" : ""));
  return *value;
}

std::int32_t CsvSource::label(std::string_view text) const {
  const auto named = std::find(layout_.class_names.begin(), layout_.class_names.end(), text);
  if (named != layout_.class_names.end())
    return static_cast<std::int32_t>(named - layout_.class_names.begin());
  const std::size_t limit =
      layout_.classes > 0 ? layout_.classes : std::size_t{std::numeric_limits<std::int32_t>::max()};
  const auto value = parse<std::int32_t>(text);
  if (!value || *value < 0 || static_cast<std::size_t>(*value) >= limit)
    records_.fail(fmt::format(
        "{}: expected a label from 0{} or a name of --class-names, found "
        "'{}'",
        column_name(label_), layout_.classes > 0 ? fmt::format(", below {}", limit) : "", text));
  return *value;
}

std::string CsvSource::column_name(std::size_t column) const {
  return column < names_.size() ? fmt::format("column {} ({})", column + 1, names_[column])
                                : fmt::format("column {}", column + 1);
}

}  // namespace rondo::apps
