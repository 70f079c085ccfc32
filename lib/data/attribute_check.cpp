// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/attribute_check.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/schema.hpp"

namespace rondo::data {
namespace {

/// Of the deviation. More than what is published differs by rounding, less than matters.
constexpr double tolerance = 0.005;

std::vector<std::uint64_t> stated_label_counts(const io::Hdf5File& file, const std::string& split) {
  if (!file.has_attribute(split, "label_counts")) return {};
  const std::vector<double> numbers = file.numbers(split, "label_counts");
  std::vector<std::uint64_t> counts;
  for (const double number : numbers)
    counts.push_back(number >= 0 ? static_cast<std::uint64_t>(number) : 0);
  return counts;
}

}  // namespace

AttributeCheck::AttributeCheck(const io::Hdf5File& file, const DatasetInfo& split,
                               const FieldInfo& field)
    : field_(field), split_(split.split), classes_(split.classes) {
  const bool is_training_image = field.name == schema::image && split.split == "train";
  if (is_training_image && split.channels > 0 && split.mean.size() == split.channels &&
      split.deviation.size() == split.channels) {
    mean_ = split.mean;
    deviation_ = split.deviation;
    images_.emplace(field);
  }
  if (field.name == schema::label && holds_labels(field))
    stated_counts_ = stated_label_counts(file, split.split);
}

AttributeCheck AttributeCheck::part() const {
  AttributeCheck part = *this;
  if (images_) part.images_.emplace(field_);
  part.counts_.clear();
  return part;
}

void AttributeCheck::add(std::span<const std::byte> samples) {
  if (images_) images_->add(samples);
  if (stated_counts_.empty()) return;
  LabelStatistics labels(classes_);
  labels.add(field_.dtype, samples);
  counts_ = labels.counts();
}

void AttributeCheck::merge(const AttributeCheck& part) {
  is_complete_ = is_complete_ && part.is_complete_;
  if (images_) images_->merge(*part.images_);
  counts_.resize(std::max(counts_.size(), part.counts_.size()));
  std::transform(part.counts_.begin(), part.counts_.end(), counts_.begin(), counts_.begin(),
                 std::plus<>());
}

std::vector<std::string> AttributeCheck::problems() const {
  std::vector<std::string> problems;
  if (!is_complete_) return problems;
  if (images_) {
    compare("mean", mean_, images_->mean(), problems);
    compare("deviation", deviation_, images_->deviation(), problems);
  }
  if (!stated_counts_.empty() && stated_counts_ != counts_)
    problems.push_back(
        fmt::format("attribute {}@label_counts: expected ({}), as {} has, found ({})", split_,
                    fmt::join(counts_, ", "), field_.path, fmt::join(stated_counts_, ", ")));
  return problems;
}

void AttributeCheck::compare(const char* attribute, const std::vector<float>& stated,
                             const std::vector<double>& found,
                             std::vector<std::string>& problems) const {
  const std::vector<double> deviation = images_->deviation();
  for (std::size_t i = 0; i < stated.size(); ++i) {
    if (std::abs(double{stated[i]} - found[i]) <= tolerance * deviation[i]) continue;
    problems.push_back(fmt::format("attribute {}: expected ({:.4f}), as {} has, found ({:.4f})",
                                   attribute, fmt::join(found, ", "), field_.path,
                                   fmt::join(stated, ", ")));
    return;
  }
}

}  // namespace rondo::data
