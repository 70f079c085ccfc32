// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/workload.hpp"

#include <algorithm>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"

namespace rondo::bench {
namespace {

std::size_t lines(std::size_t bytes) {
  return round_up(bytes, cache_line_bytes);
}

}  // namespace

std::size_t Workload::set_bytes(const Shape& shape) {
  return shape.overlaps() ? lines(shape.bytes())
                          : lines(shape.input_bytes()) + lines(shape.output_bytes());
}

Workload::Workload(std::span<std::byte> memory, const Shape& shape, const Pattern* pattern,
                   std::size_t sets)
    : memory_(memory),
      shape_(shape),
      pattern_(pattern),
      stride_(set_bytes(shape)),
      output_offset_(shape.overlaps() ? 0 : lines(shape.input_bytes())),
      sets_(std::clamp(sets, std::size_t{1}, std::max(memory.size() / stride_, std::size_t{1}))) {
  require(memory.size() >= stride_, "Workload: the memory holds no set of buffers");
}

void Workload::limit_sets(std::size_t most) {
  sets_ = std::clamp(most, std::size_t{1}, sets_);
  next_ = 0;
}

BufferSet Workload::set(std::size_t index) const noexcept {
  const std::span<std::byte> memory = memory_.subspan(index * stride_, stride_);
  return {.input = memory.first(shape_.input_bytes()),
          .output = memory.subspan(output_offset_, shape_.output_bytes())};
}

void Workload::plant() {
  next_ = 0;
  ++plantings_;
  if (!is_verified()) return;
  for (std::size_t s = 0; s < sets_; ++s)
    pattern_->plant(shape_, set(s), s + plantings_);
}

void Workload::prepare(std::size_t calls) {
  if (next_ + calls <= sets_) return;
  next_ = 0;
  // A sum in place is the next call's input: it would grow from call to call.
  if (shape_.in_place) plant();
}

BufferSet Workload::next() noexcept {
  if (next_ == sets_) next_ = 0;
  return set(next_++);
}

std::uint64_t Workload::count_wrong() const {
  require(is_verified(), "Workload: nothing was planted that could be verified");
  std::uint64_t wrong = 0;
  for (std::size_t s = 0; s < sets_; ++s)
    wrong += pattern_->count_wrong(shape_, set(s).output, s + plantings_);
  return wrong;
}

}  // namespace rondo::bench
