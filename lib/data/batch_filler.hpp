// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rondo/data/batch_loader.hpp"

#include "data/chunk_source.hpp"

namespace rondo::data {

/// Makes batches out of decoded samples; a pure function of sample and epoch, whichever thread.
class BatchFiller {
 public:
  virtual ~BatchFiller() = default;

  /// A batch with room for a micro-batch.
  virtual LaneBatch make() const = 0;

  /// Puts `sample`, row `row` of its chunk, at `place` of the batch. Thread-safe for different
  /// places; `scratch` is the calling thread's.
  virtual void fill(LaneBatch& batch, std::size_t place, std::uint64_t sample,
                    const ChunkRows& rows, std::size_t row, std::vector<float>& scratch) const = 0;
};

}  // namespace rondo::data
