// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/epoch_stream.hpp"

#include <limits>

#include "rondo/base/philox.hpp"

namespace rondo::data {
namespace {

/// No sample has this position.
constexpr std::size_t key_of_partial_slot = std::numeric_limits<std::size_t>::max();

}  // namespace

EpochStream::EpochStream(const LaneSampler::Options& options, std::size_t epoch)
    : seed_(options.seed),
      order_(options.order),
      epoch_(static_cast<std::uint32_t>(epoch)),
      chunk_samples_(options.chunk_samples),
      full_chunks_(options.samples / options.chunk_samples),
      partial_samples_(options.samples % options.chunk_samples),
      partial_slot_(choose_partial_slot()) {}

std::size_t EpochStream::choose_partial_slot() const {
  if (partial_samples_ == 0) return std::numeric_limits<std::size_t>::max();
  if (order_ == SampleOrder::stored) return full_chunks_;
  return key_at(key_of_partial_slot) % (full_chunks_ + 1);
}

std::size_t EpochStream::slot_of(std::size_t position) const {
  const std::size_t slot = position / chunk_samples_;
  if (slot < partial_slot_) return slot;
  const std::size_t behind = position - partial_slot_ * chunk_samples_;
  if (behind < partial_samples_) return partial_slot_;
  return partial_slot_ + 1 + (behind - partial_samples_) / chunk_samples_;
}

std::size_t EpochStream::begin_of(std::size_t slot) const {
  if (slot <= partial_slot_) return slot * chunk_samples_;
  return (slot - 1) * chunk_samples_ + partial_samples_;
}

std::uint64_t EpochStream::chunk_of(std::size_t slot) const {
  if (order_ == SampleOrder::stored) return slot;
  if (slot == partial_slot_) return full_chunks_;
  return permuted(seed_, epoch_, full_chunks_, slot < partial_slot_ ? slot : slot - 1);
}

std::uint64_t EpochStream::sample_at(std::size_t position) const {
  const std::size_t slot = slot_of(position);
  return chunk_of(slot) * chunk_samples_ + (position - begin_of(slot));
}

std::uint64_t EpochStream::key_at(std::size_t position) const {
  const auto block = Philox(seed_, RandomPurpose::window, epoch_).block(position);
  return std::uint64_t{block[1]} << 32 | block[0];
}

}  // namespace rondo::data
