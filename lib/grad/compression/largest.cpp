// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/largest.hpp"

#include <algorithm>
#include <utility>

namespace rondo::grad {

void Largest::begin(std::size_t wanted) {
  wanted_ = wanted;
  histogram_.fill(0);
  counted_ = false;
  entries_.clear();
  candidates_.clear();
}

void Largest::count(std::span<const float> values) {
  for (const float value : values)
    ++histogram_[bits(value) >> shift];
}

void Largest::find_last_bin() {
  if (std::exchange(counted_, true)) return;
  std::size_t above = 0;
  last_bin_ = static_cast<std::uint32_t>(histogram_.size() - 1);
  while (last_bin_ > 0 && above + histogram_[last_bin_] < wanted_)
    above += histogram_[last_bin_--];
  from_last_bin_ = std::min(wanted_ - above, histogram_[last_bin_]);
  entries_.reserve(wanted_);
  candidates_.reserve(histogram_[last_bin_]);
}

void Largest::collect(std::span<const float> values, std::size_t first_index) {
  find_last_bin();
  const std::uint32_t lowest = last_bin_ << shift;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (bits(values[i]) < lowest) continue;
    const Entry entry{static_cast<std::uint32_t>(first_index + i), values[i]};
    (bits(values[i]) >> shift > last_bin_ ? entries_ : candidates_).push_back(entry);
  }
}

std::span<const Entry> Largest::take() {
  const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(from_last_bin_);
  std::nth_element(candidates_.begin(), end, candidates_.end(), [](const Entry& a, const Entry& b) {
    return bits(a.value) != bits(b.value) ? bits(a.value) > bits(b.value) : a.index < b.index;
  });
  entries_.insert(entries_.end(), candidates_.begin(), end);
  return entries_;
}

bool Largest::has_non_finite() const {
  constexpr std::size_t first = 0x7F800000U >> shift;
  return std::any_of(histogram_.begin() + first, histogram_.end(),
                     [](std::size_t count) { return count > 0; });
}

}  // namespace rondo::grad
