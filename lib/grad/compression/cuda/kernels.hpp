// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/base/float16.hpp"

#include "grad/compression/largest.hpp"

/// The compressors' passes over a bucket in a GPU's memory, each queued: one kernel, if nothing
/// else is said. `gradients` and `residual` are the whole arena's.
namespace rondo::grad::cuda {

/// A stretch of the arena: what a block of threads does at a time.
struct Chunk {
  std::uint64_t begin;     ///< in the arena
  std::uint32_t position;  ///< in the sequence of the elements of all of a bucket's chunks
  std::uint32_t count;
};

/// Those of a bucket, in ascending order, which do not overlap.
using Chunks = DeviceSpan<const Chunk>;

/// For most kernels. Those of int8 take any.
inline constexpr std::size_t chunk_elements = 1024;

/// values *= factor
void multiply(DeviceStream& stream, DeviceSpan<float> values, float factor);

/// To the sequence, and back.
void gather(DeviceStream& stream, Chunks chunks, DeviceSpan<const float> gradients,
            DeviceSpan<float> sequence);
void scatter(DeviceStream& stream, Chunks chunks, DeviceSpan<const float> sequence,
             DeviceSpan<float> gradients);

/// sequence = T(gradients + residual); the residual keeps the rest.
template <class T>
void round_with_feedback(DeviceStream& stream, Chunks chunks, DeviceSpan<const float> gradients,
                         DeviceSpan<float> residual, DeviceSpan<T> sequence);

/// own = T(sum of `received`, which is a slice of every rank's sequence), in the order of ranks.
/// What that loses joins the residual. The slices begin at position `first`.
template <class T>
void round_sum(DeviceStream& stream, Chunks chunks, std::size_t first, DeviceSpan<const T> received,
               DeviceSpan<float> residual, DeviceSpan<T> own);

/// gradients = float(sequence)
template <class T>
void decode(DeviceStream& stream, Chunks chunks, DeviceSpan<const T> sequence,
            DeviceSpan<float> gradients);

/// Blocks of int8, which are chunks, in messages of equally many: Int8Slices tells how they lie.
struct Int8Messages {
  std::size_t blocks;          ///< of a message
  std::size_t block_elements;  ///< of a block, at most
  std::size_t bytes;           ///< of a message
};

/// Writes a message for every rank into `sent`.
void encode(DeviceStream& stream, Chunks blocks, const Int8Messages& messages,
            DeviceSpan<const float> gradients, DeviceSpan<float> residual,
            DeviceSpan<std::byte> sent);

/// `blocks` are those of one message: `own` becomes the sum of `received`, one of every rank, in
/// the order of ranks. The gradients' memory is used.
void encode_sum(DeviceStream& stream, Chunks blocks, const Int8Messages& messages,
                DeviceSpan<const std::byte> received, DeviceSpan<float> gradients,
                DeviceSpan<float> residual, DeviceSpan<std::byte> own);

/// gradients = what the messages of all ranks say
void decode(DeviceStream& stream, Chunks blocks, const Int8Messages& messages,
            DeviceSpan<const std::byte> received, DeviceSpan<float> gradients);

/// What the passes of a selection tell each other; zero before the first one.
struct Selection {
  std::uint32_t histogram[2048];  ///< of a digit of the magnitudes' bits
  std::uint32_t threshold;        ///< the bits of the smallest magnitude taken
  std::uint32_t ties;             ///< how many elements of that magnitude are taken: the first
  std::uint32_t keep;             ///< not 0: something is not finite, the residual stays
  std::uint32_t blocks_done;
};

struct TopK {
  Chunks chunks;
  std::size_t origin;  ///< of the entries' indices in the arena
  DeviceSpan<float> gradients;
  DeviceSpan<float> residual;
  DeviceSpan<std::uint64_t> counts;  ///< one a chunk, for the passes
  DeviceSpan<Selection> selection;   ///< one, for the passes
};

/// The entries of the largest magnitude among gradients + residual, in ascending order of their
/// indices; of equal magnitudes the first ones. Their residual becomes zero and that of the others
/// gradient + residual, unless something is not finite. There are at least as many elements as
/// entries, and one entry at least. The gradients are unspecified afterwards. Five kernels.
void take_largest(DeviceStream& stream, const TopK& work, DeviceSpan<Entry> entries);

/// gradients = sum of the entries of all ranks, in the order of ranks. Each rank has as many, in
/// ascending order of their indices.
void add_entries(DeviceStream& stream, Chunks chunks, std::size_t origin,
                 DeviceSpan<const Entry> entries, std::size_t ranks, DeviceSpan<float> gradients);

}  // namespace rondo::grad::cuda
