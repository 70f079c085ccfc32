// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/value_check.hpp"

#include <cmath>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include "rondo/base/dtype.hpp"

#include "data/schema.hpp"

namespace rondo::data {
namespace {

template <class T>
T value_at(std::span<const std::byte> values, std::size_t index) {
  T value{};
  std::memcpy(&value, values.data() + index * sizeof(T), sizeof(T));
  return value;
}

struct Outliers {
  std::size_t count = 0;
  std::size_t first = 0;  ///< index of it
};

template <class T, class IsAllowed>
Outliers find_outliers(std::span<const std::byte> values, IsAllowed is_allowed) {
  Outliers found;
  const std::size_t count = values.size() / sizeof(T);
  // Counted without branches, which compilers vectorise; nearly always there are none.
  for (std::size_t i = 0; i < count; ++i)
    found.count += is_allowed(value_at<T>(values, i)) ? 0 : 1;
  if (found.count == 0) return found;
  while (is_allowed(value_at<T>(values, found.first)))
    ++found.first;
  return found;
}

/// What whole numbers must be below; 0: anything.
std::size_t limit_of(const FieldSpec& field, std::size_t classes) {
  if (field.is_stream) return field.vocabulary;
  return field.name == schema::label && holds_labels(field) ? classes : 0;
}

std::string more(std::size_t count) {
  return count == 1 ? "" : fmt::format(", and {} more such values", count - 1);
}

template <class T>
std::string whole_number_problem(const FieldSpec& field, std::size_t limit, std::size_t first_row,
                                 std::span<const std::byte> values) {
  const auto found = find_outliers<T>(values, [limit](T value) {
    // Negative values become larger than any limit.
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) < limit;
  });
  if (found.count == 0) return {};
  return fmt::format("expected {} below {} ({}), found {} at {} {}{}",
                     field.is_stream ? "tokens" : "labels from 0,", limit,
                     field.is_stream ? "attribute vocabulary" : "attribute classes",
                     value_at<T>(values, found.first), field.is_stream ? "token" : "sample",
                     first_row + found.first, more(found.count));
}

template <class T>
std::string finite_problem(const FieldSpec& field, std::size_t first_row,
                           std::span<const std::byte> values) {
  const auto found = find_outliers<T>(values, [](T value) { return std::isfinite(value); });
  if (found.count == 0) return {};
  return fmt::format("expected finite numbers, found {} in sample {}{}",
                     value_at<T>(values, found.first),
                     first_row + found.first / field.sample_elements(), more(found.count));
}

}  // namespace

std::string value_problem(const FieldSpec& field, std::size_t classes, std::size_t first_row,
                          std::span<const std::byte> values) {
  const std::size_t limit = limit_of(field, classes);
  return dispatch(field.dtype, [&]<class T>(std::type_identity<T>) -> std::string {
    if constexpr (std::is_floating_point_v<T>)
      return finite_problem<T>(field, first_row, values);
    else if constexpr (std::is_integral_v<T>)
      return limit == 0 ? "" : whole_number_problem<T>(field, limit, first_row, values);
    else
      return "";
  });
}

}  // namespace rondo::data
