// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// A compressor's tensor as one rank writes it to a file.
struct SavedTensor {
  std::string name;
  Shape shape;  ///< of a per-rank tensor: the number of ranks, then the tensor's own shape
  AlignedBuffer<float> values;
};

/// The state of all ranks' compressors.
struct SavedState {
  int ranks = 0;  ///< that saved it
  std::vector<SavedTensor> tensors;
};

/// Brings the state of all ranks to rank 0; elsewhere the result has no tensors.
/// Collective. Memory: size() times the residuals on rank 0, times the longest one elsewhere.
/// \throws CommError
SavedState gather_state(comm::Communicator& comm, Compressor& compressor);

/// Zeros of the names and shapes that gather_state() on `ranks` ranks would yield: what to read a
/// file into. Local.
SavedState blank_state(Compressor& compressor, int ranks);

/// Gives every rank its part of what rank 0 holds in `saved` (ignored elsewhere).
///
/// Rank r of p takes the residuals of the saved ranks r, r+p, r+2p, ..., added in that order: on
/// the same number of ranks each gets its own back bit for bit, on any other nothing is lost.
/// Collective. \throws AgreedError  names or shapes on rank 0 that are not blank_state()'s: nothing
/// was changed.  \throws CommError
void scatter_state(comm::Communicator& comm, const SavedState& saved, Compressor& compressor);

}  // namespace rondo::grad
