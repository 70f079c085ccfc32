// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rondo::bench {

/// The memories of a parameter that hold an f32 for every element.
enum class Memory : std::uint8_t { value, grad, first_slot, second_slot };

/// What one pass of an update rule over a parameter reads and writes.
struct MemoryPass {
  std::vector<Memory> read = {};     ///< read only
  std::vector<Memory> changed = {};  ///< read and written
  bool copies = false;               ///< also writes the bf16 copy

  std::size_t bytes(bool with_copy) const {
    return 4 * read.size() + 8 * changed.size() + (copies && with_copy ? 2 : 0);
  }
};

/// The passes of a rule over a matrix, by the name that make_optimizer knows, with momentum.
/// \throws UsageError  an unknown name
std::vector<MemoryPass> passes_of(std::string_view rule);

/// Bytes that a rule moves for every parameter.
std::size_t bytes_a_parameter(std::string_view rule, bool with_copy);

/// What a pass goes through, in the order of its memories.
struct MemoryStreams {
  std::array<float*, 3> changed;
  std::array<const float*, 3> read;
  std::uint16_t* copy;  ///< or null
  std::size_t count;    ///< a multiple of 16
};

/// Loads and stores what the pass does, in one loop with nothing in between but what keeps the
/// compiler from leaving it out. Changes nothing but the copy.
void touch(const MemoryPass& pass, const MemoryStreams& streams);

}  // namespace rondo::bench
