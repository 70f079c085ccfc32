// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo_bench/pattern.hpp"

namespace rondo::bench {

/// Buffers for many calls of one shape in one piece of memory, taken in turn.
class Workload {
 public:
  /// `memory` outlives the workload and holds at least one set. Without a pattern, which outlives
  /// it too, nothing is planted or verified.
  Workload(std::span<std::byte> memory, const Shape& shape, const Pattern* pattern,
           std::size_t sets);

  /// What one set takes of the memory: its buffers from one cache line boundary to another.
  static std::size_t set_bytes(const Shape& shape);

  bool is_verified() const noexcept { return pattern_ != nullptr; }
  std::size_t sets() const noexcept { return sets_; }
  /// Uses no more than so many from now on, and at least one.
  void limit_sets(std::size_t most);

  /// Plants new values into all sets; the first one is next.
  void plant();
  /// Makes sure that the next `calls` find planted input, each its own if there are sets enough.
  void prepare(std::size_t calls);
  BufferSet next() noexcept;

  /// Wrong elements of all sets, each of which was called exactly once since plant().
  std::uint64_t count_wrong() const;

 private:
  BufferSet set(std::size_t index) const noexcept;

  std::span<std::byte> memory_;
  Shape shape_;
  const Pattern* pattern_;
  std::size_t stride_;
  std::size_t output_offset_;
  std::size_t sets_;
  std::size_t next_ = 0;  // sets_: none is left of this round
  std::size_t plantings_ = 0;
};

}  // namespace rondo::bench
