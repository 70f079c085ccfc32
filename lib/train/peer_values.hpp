// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "rondo/grad/arena.hpp"
#include "rondo/grad/layout.hpp"

#include "comm/kernels/reduce.hpp"

namespace rondo::train {

/// The values of all ranks of one node, into which each stores what it has updated. Local: the
/// ranks' stores and loads are kept apart by collectives, see comm::Memory::peers().
class PeerValues {
 public:
  /// `rank` is this one. The arena must outlive this object.
  PeerValues(grad::Arena& arena, int rank);

  /// Whether this rank can reach the others at all; alike on all ranks.
  bool any() const noexcept { return !others_.empty(); }

  /// The values of `range` on all other ranks become this rank's. Best while the cache has them:
  /// what is stored goes past it where the values of all ranks are larger than a cache.
  void store(grad::ElementRange range);

 private:
  std::span<const float> own_;
  std::vector<std::span<float>> others_;
  std::vector<std::byte*> outputs_;  // of the range at hand
  comm::Stores stores_;
};

}  // namespace rondo::train
