// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/checkpoint/writers.hpp"

#include "checkpoint/state_layout.hpp"
#include "checkpoint/state_writer.hpp"

/// What each of several writers has of a state file, put together.
namespace rondo::checkpoint {

/// Where a piece lies, in elements of its tensor.
struct PieceRange {
  std::size_t tensor = 0;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// What a writer has written.
struct Part {
  std::vector<PieceRange> pieces;
  /// Of the pieces in order, each cut where blocks of its tensor begin.
  std::vector<std::uint64_t> hashes;
};

/// Writes the pieces to their places. \throws IoError  io
/// \throws UsageError  a piece that is not within its tensor
Part write_pieces(StateWriter& writer, const StateLayout& layout, std::span<const Piece> pieces);

/// The hashes of all blocks of all tensors, when all parts are in the file. Blocks that several
/// pieces share are read from it. \throws IoError  io: they read back otherwise than written
/// \throws UsageError  the parts do not hold each element exactly once
std::vector<StoredTensor> put_together(const FileBytes& file, const StateLayout& layout,
                                       std::span<const TensorSpec> tensors,
                                       std::span<const Part> parts);

}  // namespace rondo::checkpoint
