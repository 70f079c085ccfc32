// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/data/lane_sampler.hpp"

namespace rondo::data {

/// All samples of a split in the order in which one epoch lays out their chunks: slot after slot a
/// whole chunk, full ones in a keyed permutation, the partial one (if any) at a keyed place; or all
/// of them as they are stored.
///
/// A pure function of its arguments, without tables.
class EpochStream {
 public:
  EpochStream(const LaneSampler::Options& options, std::size_t epoch);

  /// The slot that holds `position`, below the number of samples.
  std::size_t slot_of(std::size_t position) const;
  /// The position at which `slot` begins; for one beyond the last, the number of samples.
  std::size_t begin_of(std::size_t slot) const;
  /// The number of the chunk in `slot`.
  std::uint64_t chunk_of(std::size_t slot) const;
  std::uint64_t sample_at(std::size_t position) const;

  /// A number of this epoch for `position`, as seed of what happens around it.
  std::uint64_t key_at(std::size_t position) const;

 private:
  std::size_t choose_partial_slot() const;

  std::uint64_t seed_;
  SampleOrder order_;
  std::uint32_t epoch_;
  std::size_t chunk_samples_;
  std::size_t full_chunks_;
  std::size_t partial_samples_;  ///< of the last chunk, 0 if that is full
  std::size_t partial_slot_;     ///< beyond all slots if there is none
};

}  // namespace rondo::data
