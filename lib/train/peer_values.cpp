// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/peer_values.hpp"

#include <cstddef>

namespace rondo::train {
namespace {

/// As SharedMemoryTuning::streaming_bytes is by default.
constexpr std::size_t streaming_bytes = std::size_t{8} << 20;

}  // namespace

PeerValues::PeerValues(grad::Arena& arena, int rank)
    : own_(arena.values()), others_(arena.values_of_all()) {
  const std::size_t all_bytes = others_.size() * own_.size_bytes();
  stores_ = all_bytes >= streaming_bytes ? comm::Stores::streaming : comm::Stores::cached;
  if (!others_.empty()) others_.erase(others_.begin() + rank);
  outputs_.resize(others_.size());
}

void PeerValues::store(grad::ElementRange range) {
  for (std::size_t i = 0; i < others_.size(); ++i)
    outputs_[i] = reinterpret_cast<std::byte*>(others_[i].data() + range.begin);
  const auto* const input = reinterpret_cast<const std::byte*>(own_.data() + range.begin);
  comm::reduce_all(DType::u8, comm::ReduceOp::sum, 1, std::span(&input, 1), outputs_,
                   range.size() * sizeof(float), stores_);
}

}  // namespace rondo::train
