// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "rondo/base/aligned_buffer.hpp"

#include "grad/compression/runs.hpp"

namespace rondo::grad {

/// A range in blocks, which lie within one run each, and these in equally many for every rank, but
/// for the last ranks, which may have fewer.
///
/// A rank's slice travels as a message: a scale for every block, then the codes of all. Blocks that
/// are shorter than others leave codes unused.
class Int8Slices {
 public:
  Int8Slices(Runs runs, std::size_t block_elements, int ranks)
      : runs_(std::move(runs)),
        ranks_(static_cast<std::size_t>(ranks)),
        // Ranges that are short have shorter blocks, so that every rank gets its part.
        block_elements_(std::min(block_elements, parts_of(runs_.count(), ranks_))) {
    std::size_t blocks = 0;
    for (const auto& run : runs_.ranges())
      blocks += parts_of(run.size(), block_elements_);
    blocks_ = parts_of(blocks, ranks_);
  }

  bool empty() const noexcept { return blocks_ == 0; }
  const Runs& runs() const noexcept { return runs_; }
  std::size_t blocks() const noexcept { return blocks_; }  ///< of a rank
  std::size_t block_elements() const noexcept { return block_elements_; }
  /// Scales stand at multiples of their size.
  std::size_t message_bytes() const noexcept {
    return round_up(blocks_ * (sizeof(float) + block_elements_), sizeof(float));
  }
  /// Of a message for every rank.
  std::size_t all_bytes() const noexcept { return ranks_ * message_bytes(); }

  /// Calls visit(rank, block in its slice, arena position, count) for block after block.
  template <class Visit>
  void visit_all(Visit&& visit) const {
    std::size_t block = 0;
    runs_.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
      for (std::size_t done = 0; done < count; done += block_elements_, ++block)
        visit(block / blocks_, block % blocks_, at + done, std::min(block_elements_, count - done));
    });
  }

 private:
  static std::size_t parts_of(std::size_t count, std::size_t length) {
    return length == 0 ? 0 : (count + length - 1) / length;
  }

  Runs runs_;
  std::size_t ranks_;
  std::size_t block_elements_;
  std::size_t blocks_;
};

}  // namespace rondo::grad
