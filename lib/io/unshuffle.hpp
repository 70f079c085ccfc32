// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace rondo::io {

/// Undoes HDF5's shuffle: `planes` holds the first bytes of all elements, then the second ones...;
/// bytes beyond the last whole element stay where they are. Of elements of 2, 4 and 8 bytes at the
/// speed of memory. `elements` has the size of `planes`, which it must not overlap.
void unshuffle(std::span<const std::byte> planes, std::size_t element_bytes,
               std::span<std::byte> elements);

/// The inverse, for writing.
void shuffle(std::span<const std::byte> elements, std::size_t element_bytes,
             std::span<std::byte> planes);

}  // namespace rondo::io
