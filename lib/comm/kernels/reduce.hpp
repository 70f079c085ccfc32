// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"

/// The element-wise arithmetic of all collectives, on any alignment, for every dtype. f16 and bf16
/// are computed in f32 and rounded to nearest even. ReduceOp::avg adds like sum: who reduces last
/// divides. In min and max a NaN wins. All are local and know nothing of ranks.
///
/// Every CPU gives the same bits, but for the sign and payload of a NaN in a sum.
namespace rondo::comm {

/// How results are stored: through the cache, or past it, which spares reading the lines that are
/// overwritten and is right for what is larger than the cache. Streaming stores are complete
/// (fenced) on return; they are for outputs that are equally far from a cache line's begin, by
/// whole elements. Others are stored through the cache.
enum class Stores : std::uint8_t { cached, streaming };

/// accumulator[i] = accumulator[i] op values[i]. Both spans are equally long and do not overlap.
void reduce(DType dtype, ReduceOp op, std::span<std::byte> accumulator,
            std::span<const std::byte> values);

/// values[i] = values[i] / divisor; integers toward zero.
void divide(DType dtype, std::span<std::byte> values, int divisor);

/// Reduces `bytes` of each input, in the order of the list, and stores the result to every output.
///
/// Short floats are rounded once, at the end. `divisor` > 1 divides before that. An output may be
/// one of the inputs, exactly; otherwise nothing overlaps. At least one input and one output.
void reduce_all(DType dtype, ReduceOp op, int divisor, std::span<const std::byte* const> inputs,
                std::span<std::byte* const> outputs, std::size_t bytes, Stores stores);

/// Adds `bytes` of each input, floats, along a binary tree and stores the sum to every output.
///
/// `merges` gives the tree: by input, how many of its nodes this input is the last leaf of. The
/// sums begun are a stack: an input is put on it, and then the upper two are added up so many
/// times. In the end one is left. {0, 1, 1}: (a + b) + c; {0, 0, 2}: a + (b + c); {0, 1, 0, 2}:
/// pairs. Each input is read once, as in reduce_all(); what is said of outputs there holds here. At
/// most `most_tree_levels` sums are begun at a time: as many as a tree has levels.
inline constexpr std::size_t most_tree_levels = 65;
void add_along_tree(std::span<const std::byte* const> inputs, std::span<const std::uint8_t> merges,
                    std::span<std::byte* const> outputs, std::size_t bytes, Stores stores);

/// Copies; equal lengths.
void copy_bytes(std::span<const std::byte> from, std::span<std::byte> to, Stores stores);

}  // namespace rondo::comm
