// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/layout.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::grad {
namespace {

constexpr std::size_t line_elements = cache_line_bytes / sizeof(float);

void check_specs(std::span<const ParameterSpec> specs) {
  require(!specs.empty(), "an arena needs at least one parameter");
  std::unordered_set<std::string> names;
  for (const auto& spec : specs) {
    if (!names.insert(spec.name).second)
      throw UsageError(fmt::format("parameter '{}' is registered twice", spec.name));
    if (element_count(spec.shape) == 0)
      throw UsageError(fmt::format("parameter '{}' has no elements", spec.name));
  }
}

/// Lengths of the buckets, in units: whole ones of about `target` units between two small ones.
std::vector<std::size_t> bucket_lengths(std::size_t units, std::size_t target) {
  const std::size_t small = std::max(target / 4, std::size_t{1});
  if (units <= small) return {units};
  if (units <= 2 * small) return {small, units - small};
  std::vector<std::size_t> lengths{small};
  const std::size_t inner = units - 2 * small;
  const std::size_t count = (inner + target - 1) / target;
  for (std::size_t i = 0; i < count; ++i)
    lengths.push_back((i + 1) * inner / count - i * inner / count);
  lengths.push_back(small);
  return lengths;
}

}  // namespace

Layout::Layout(std::vector<ParameterSpec> specs, const Options& options)
    : specs_(std::move(specs)), ranks_(options.ranks), parameters_(specs_.size()) {
  check_specs(specs_);
  require(ranks_ > 0, "an arena needs at least one rank");
  place_parameters();
  cut_buckets(options.bucket_bytes);
}

void Layout::place_parameters() {
  std::size_t cursor = 0;
  for (std::size_t i = specs_.size(); i-- > 0;) {
    parameters_[i] = {cursor, cursor + element_count(specs_[i].shape)};
    cut_pieces(i);
    cursor = round_up(parameters_[i].end, line_elements);
  }
  trailer_ = cursor;
}

void Layout::cut_pieces(std::size_t parameter) {
  const auto [begin, end] = parameters_[parameter];
  for (std::size_t cursor = begin; cursor < end;) {
    const std::size_t cut = std::min(end, (cursor / block_elements + 1) * block_elements);
    pieces_.push_back({.range = {cursor, cut}, .parameter = parameter});
    cursor = cut;
  }
}

void Layout::cut_buckets(std::size_t bucket_bytes) {
  const std::size_t unit = block_elements * static_cast<std::size_t>(ranks_);
  const std::size_t units = round_up(trailer_ + Trailer::elements, unit) / unit;
  const std::size_t target = std::max(bucket_bytes / (unit * sizeof(float)), std::size_t{1});
  std::size_t cursor = 0;
  for (const std::size_t length : bucket_lengths(units, target)) {
    buckets_.push_back({cursor, cursor + length * unit});
    cursor = buckets_.back().end;
  }
}

ElementRange Layout::parameter(std::size_t parameter) const {
  if (parameter < parameters_.size()) return parameters_[parameter];
  throw UsageError(fmt::format("parameter {}: there are {} only", parameter, parameters_.size()));
}

ElementRange Layout::pieces_in(ElementRange run) const {
  const auto index_at = [this](std::size_t element) {
    const auto piece = std::ranges::lower_bound(
        pieces_, element, {}, [](const Piece& candidate) { return candidate.range.begin; });
    return static_cast<std::size_t>(piece - pieces_.begin());
  };
  return {index_at(run.begin), index_at(run.end)};
}

ElementRange Layout::buckets_of(ElementRange run) const {
  const auto first = std::ranges::upper_bound(buckets_, run.begin, {}, &ElementRange::end);
  const auto last = std::ranges::lower_bound(buckets_, run.end, {}, &ElementRange::end);
  return {static_cast<std::size_t>(first - buckets_.begin()),
          static_cast<std::size_t>(last - buckets_.begin()) + 1};
}

ElementRange Layout::shard(ElementRange bucket, int rank) const {
  const std::size_t length = bucket.size() / static_cast<std::size_t>(ranks_);
  const std::size_t begin = bucket.begin + static_cast<std::size_t>(rank) * length;
  return {begin, begin + length};
}

}  // namespace rondo::grad
