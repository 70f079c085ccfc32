// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/algorithms/element_channel.hpp"

/// Collectives in log2 p steps with partners at distances that are powers of two, after R. Thakur,
/// R. Rabenseifner and W. Gropp, "Optimization of Collective Communication Operations in MPICH",
/// Int. J. High Perform. Comput. Appl. 19, 2005; the allreduce by reduce-scatter and allgather is
/// Rabenseifner's (ICCS 2004).
///
/// With p ranks, S bytes and L = ceil(log2 p), each rank sends at most
///                                  p = 2^L            else           roundings of a value
///   recursive_doubling_allreduce   L S                L S            L + 1
///   rabenseifner_allreduce         2 (p-1)/p S        S more         L + 1
///   halving_reduce_scatter         (p-1)/p S          S more         L, else L + 1
///   doubling_allgather             (p-1)/p S          (p-1)/p S      1
/// in L steps for each S, and where p is no power of two one more before and one after: the ranks
/// 2i+1 below 2 (p - 2^(L-1)) then leave their part to their left neighbours (a Fold). Partners
/// of recursive doubling take their operands in the order of the ranks, elsewhere one rank reduces
/// an element for all: either way all ranks end with the same bits.
namespace rondo::comm::algorithms {

/// Partners exchange all they have, at distance 1, 2, 4, ...; both add the same two operands in the
/// same order. Least steps: for short data.
Task recursive_doubling_allreduce(ElementChannel& elements, std::span<std::byte> data);

/// Halving reduce-scatter, then doubling allgather.
Task rabenseifner_allreduce(ElementChannel& elements, std::span<std::byte> data);

/// `result` becomes the reduction of block rank() of all ranks' `input`. Works in a copy of
/// `input`.
Task halving_reduce_scatter(ElementChannel& elements, ConstBlocks input,
                            std::span<std::byte> result);

/// Completes `blocks` on every rank from each rank's own block, which must be in place. Every step
/// doubles the run of blocks that a rank has, from its own one on, whatever p is (J. Bruck et al.,
/// IEEE Trans. Parallel Distrib. Syst. 8, 1997; here without the rotation).
Task doubling_allgather(ElementChannel& elements, Blocks blocks);

}  // namespace rondo::comm::algorithms
