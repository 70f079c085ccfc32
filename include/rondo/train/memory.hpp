// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace rondo::train {

/// Bytes of one rank's memory for training, by what they hold. Activations, data and what the
/// communicator needs to send messages come on top.
struct Memory {
  std::size_t values = 0;
  std::size_t copy = 0;  ///< the values in bf16
  std::size_t gradients = 0;
  std::size_t shards = 0;        ///< reduced gradients of this rank's shards
  std::size_t slots = 0;         ///< the optimizer's
  std::size_t partial_sums = 0;  ///< sums of lanes that wait for others
  std::size_t compression = 0;   ///< residuals, and what else a compressor remembers
  std::size_t saving = 0;        ///< the copy that saves in the background are written from
  std::size_t device = 0;        ///< of the GPU's memory, all of these

  /// Of the host's memory.
  std::size_t total() const noexcept {
    return values + copy + gradients + shards + slots + partial_sums + compression + saving;
  }
};

/// What a session is going to need.
struct MemoryPlan {
  Memory between_steps;
  /// At the most, while gradients come in: with Sharding::zero2 all of them exist for a moment
  /// where a rank has several lanes or the network is slower than the backward pass.
  Memory in_step;
};

}  // namespace rondo::train
