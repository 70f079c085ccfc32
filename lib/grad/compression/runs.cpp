// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/runs.hpp"

#include <iterator>
#include <utility>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::grad {
namespace {

/// Padding is shorter; a trailer is not.
constexpr std::size_t line_elements = cache_line_bytes / sizeof(float);

}  // namespace

Runs::Runs(std::vector<ElementRange> ranges) : ranges_(std::move(ranges)) {
  for (const auto& range : ranges_)
    count_ += range.end - range.begin;
}

Runs Runs::within(ElementRange limits) const {
  std::vector<ElementRange> inside;
  for (const auto& range : ranges_) {
    const std::size_t begin = std::max(range.begin, limits.begin);
    const std::size_t end = std::min(range.end, limits.end);
    if (begin < end) inside.push_back({begin, end});
  }
  return Runs(std::move(inside));
}

Runs Runs::outside(ElementRange limits) const {
  std::vector<ElementRange> gaps;
  std::size_t cursor = limits.begin;
  const Runs inside = within(limits);
  for (const auto& range : inside.ranges()) {
    if (cursor < range.begin) gaps.push_back({cursor, range.begin});
    cursor = range.end;
  }
  if (cursor < limits.end) gaps.push_back({cursor, limits.end});
  return Runs(std::move(gaps));
}

std::vector<PlacedParameter> lossy_parameters(std::span<const PlacedParameter> parameters) {
  std::vector<PlacedParameter> lossy;
  std::ranges::copy_if(parameters, std::back_inserter(lossy), [](const PlacedParameter& parameter) {
    return parameter.spec.role != ParameterRole::statistic;
  });
  return lossy;
}

Runs lossy_runs(std::span<const PlacedParameter> parameters) {
  std::vector<ElementRange> ranges;
  for (const auto& [spec, begin] : lossy_parameters(parameters))
    ranges.push_back({begin, begin + element_count(spec.shape)});
  std::ranges::sort(ranges, {}, &ElementRange::begin);

  std::vector<ElementRange> merged;
  for (const auto& range : ranges) {
    if (!merged.empty() && range.begin < merged.back().end + line_elements)
      merged.back().end = range.end;
    else
      merged.push_back(range);
  }
  return Runs(std::move(merged));
}

}  // namespace rondo::grad
