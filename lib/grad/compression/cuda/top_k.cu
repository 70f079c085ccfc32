// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/last_block.cuh"
#include "grad/compression/cuda/chunk_wise.cuh"
#include "grad/compression/cuda/together.cuh"
#include "grad/compression/elements.hpp"

namespace rondo::grad::cuda {
namespace {

struct Work {
  const Chunk* chunks;
  std::size_t chunk_count;
  std::size_t origin;
  float* gradients;
  float* residual;
  std::uint64_t* counts;
  Selection* selection;
  Entry* entries;
  std::uint32_t wanted;
};

/// The magnitudes' 31 bits in digits, the highest first: what a pass counts.
template <int digit>
struct Digit;
template <>
struct Digit<0> {
  static constexpr int shift = 20;
  static constexpr int bins = 2048;
};
template <>
struct Digit<1> {
  static constexpr int shift = 10;
  static constexpr int bins = 1024;
};
template <>
struct Digit<2> {
  static constexpr int shift = 0;
  static constexpr int bins = 1024;
};

/// Whether the digits before this one are the threshold's.
template <int digit>
__device__ __forceinline__ bool is_candidate(std::uint32_t bits, std::uint32_t threshold) {
  if constexpr (digit == 0) return true;
  return bits >> Digit<digit - (digit > 0)>::shift ==
         threshold >> Digit<digit - (digit > 0)>::shift;
}

/// The first pass adds the residual.
template <int digit>
__device__ __forceinline__ std::uint32_t bits_at(const Work& work, std::size_t at) {
  float value = work.gradients[at];
  if constexpr (digit == 0) {
    value += work.residual[at];
    work.gradients[at] = value;
  }
  return element::magnitude_bits(value);
}

template <int digit>
__device__ void count_candidates(const Work& work, std::uint32_t* histogram) {
  const std::uint32_t threshold = work.selection->threshold;
  for (std::size_t c = blockIdx.x; c < work.chunk_count; c += gridDim.x) {
    const Chunk chunk = work.chunks[c];
#pragma unroll 4
    for (std::uint32_t i = threadIdx.x; i < chunk.count; i += block_threads) {
      const std::uint32_t bits = bits_at<digit>(work, chunk.begin + i);
      if (is_candidate<digit>(bits, threshold))
        atomicAdd(histogram + (bits >> Digit<digit>::shift) % Digit<digit>::bins, 1U);
    }
  }
}

/// In which bin the last of the wanted elements is, from the highest on. Leaves the histogram zero.
template <int digit>
__device__ void find_digit(const Work& work) {
  constexpr int mine = Digit<digit>::bins / block_threads;
  Selection& selection = *work.selection;
  const std::uint32_t wanted = digit == 0 ? work.wanted : selection.ties;
  const int first = Digit<digit>::bins - 1 - static_cast<int>(threadIdx.x) * mine;
  std::uint32_t counts[mine];
  std::uint32_t sum = 0;
#pragma unroll
  for (int k = 0; k < mine; ++k) {
    counts[k] = __ldcg(selection.histogram + (first - k));
    selection.histogram[first - k] = 0;
    sum += counts[k];
  }
  std::uint32_t above = scan_block(sum).before;
#pragma unroll
  for (int k = 0; k < mine; ++k) {
    if (above < wanted && wanted - above <= counts[k]) {
      const auto found = static_cast<std::uint32_t>(first - k) << Digit<digit>::shift;
      selection.threshold = digit == 0 ? found : selection.threshold | found;
      selection.ties = wanted - above;
    }
    above += counts[k];
  }
  // The first thread has the bins of what is not finite.
  static_assert(Digit<0>::bins - Digit<0>::bins / block_threads ==
                element::infinity_bits >> Digit<0>::shift);
  if (digit == 0 && threadIdx.x == 0) selection.keep = sum;
}

template <int digit>
__global__ void __launch_bounds__(block_threads) count_digit(const __grid_constant__ Work work) {
  __shared__ std::uint32_t histogram[Digit<digit>::bins];
  for (int bin = static_cast<int>(threadIdx.x); bin < Digit<digit>::bins; bin += block_threads)
    histogram[bin] = 0;
  __syncthreads();
  count_candidates<digit>(work, histogram);
  __syncthreads();
  for (int bin = static_cast<int>(threadIdx.x); bin < Digit<digit>::bins; bin += block_threads)
    if (histogram[bin] > 0) atomicAdd(work.selection->histogram + bin, histogram[bin]);
  if (rondo::cuda::is_last_block(&work.selection->blocks_done)) find_digit<digit>(work);
}

/// Two counts in one number: of the elements above the threshold, and of those at it.
constexpr std::uint64_t one_above = std::uint64_t{1} << 32U;

__device__ __forceinline__ std::uint64_t count_of(float value, std::uint32_t threshold) {
  const std::uint32_t bits = element::magnitude_bits(value);
  return bits > threshold ? one_above : std::uint64_t{bits == threshold};
}

/// Counts become the sums of what is before each chunk.
__device__ void add_up_counts(const Work& work) {
  std::uint64_t carry = 0;
  for (std::size_t first = 0; first < work.chunk_count; first += block_threads) {
    const std::size_t c = first + threadIdx.x;
    const auto scan = scan_block(c < work.chunk_count ? __ldcg(work.counts + c) : std::uint64_t{0});
    if (c < work.chunk_count) work.counts[c] = carry + scan.before;
    carry += scan.total;
  }
}

__global__ void __launch_bounds__(block_threads) count_chunks(const __grid_constant__ Work work) {
  const std::uint32_t threshold = work.selection->threshold;
  for (std::size_t c = blockIdx.x; c < work.chunk_count; c += gridDim.x) {
    const Chunk chunk = work.chunks[c];
    std::uint64_t count = 0;
#pragma unroll 4
    for (std::uint32_t i = threadIdx.x; i < chunk.count; i += block_threads)
      count += count_of(work.gradients[chunk.begin + i], threshold);
    const std::uint64_t total = scan_block(count).total;
    if (threadIdx.x == 0) work.counts[c] = total;
  }
  if (rondo::cuda::is_last_block(&work.selection->blocks_done)) add_up_counts(work);
}

constexpr std::uint32_t thread_elements = chunk_elements / block_threads;

/// Takes this thread's elements of a chunk, `before` being the counts of all before them.
__device__ __forceinline__ void take_elements(const Work& work, std::size_t begin,
                                              const float* values, std::uint32_t mine,
                                              std::uint64_t before) {
  const Selection& selection = *work.selection;
  const std::uint32_t ties = selection.ties;
  const bool keep = selection.keep != 0;
#pragma unroll
  for (std::uint32_t k = 0; k < thread_elements; ++k) {
    if (k >= mine) return;
    const std::uint64_t count = count_of(values[k], selection.threshold);
    const auto ties_before = static_cast<std::uint32_t>(before);
    const bool is_taken = count == one_above || (count == 1 && ties_before < ties);
    if (is_taken)
      work.entries[(before >> 32U) + (ties_before < ties ? ties_before : ties)] = {
          static_cast<std::uint32_t>(begin + k - work.origin), values[k]};
    if (!keep) work.residual[begin + k] = is_taken ? 0.0F : values[k];
    before += count;
  }
}

__global__ void __launch_bounds__(block_threads) write_entries(const __grid_constant__ Work work) {
  const std::uint32_t threshold = work.selection->threshold;
  for (std::size_t c = blockIdx.x; c < work.chunk_count; c += gridDim.x) {
    const Chunk chunk = work.chunks[c];
    const std::uint32_t first = threadIdx.x * thread_elements;
    const std::uint32_t rest = first < chunk.count ? chunk.count - first : 0;
    const std::uint32_t mine = rest < thread_elements ? rest : thread_elements;
    const std::size_t begin = chunk.begin + first;
    float values[thread_elements] = {};
    std::uint64_t count = 0;
#pragma unroll
    for (std::uint32_t k = 0; k < thread_elements; ++k) {
      if (k >= mine) continue;
      values[k] = work.gradients[begin + k];
      count += count_of(values[k], threshold);
    }
    const std::uint64_t before = work.counts[c] + scan_block(count).before;
    take_elements(work, begin, values, mine, before);
  }
}

struct EntryLists {
  const Entry* entries;
  std::size_t length;  // of a rank's
  std::size_t ranks;
};

/// The first of a list whose index is not below `index`.
__device__ __forceinline__ std::size_t lower_bound(const Entry* list, std::size_t length,
                                                   std::uint64_t index) {
  std::size_t first = 0;
  while (length > 0) {
    const std::size_t half = length / 2;
    const bool is_below = list[first + half].index < index;
    first = is_below ? first + half + 1 : first;
    length = is_below ? length - half - 1 : half;
  }
  return first;
}

/// Each thread finds where the part of a list for a chunk begins or ends.
constexpr std::size_t ranks_at_once = block_threads / 2;

/// Adds to `sums`, a chunk's, of which the first element has the index `first`.
__device__ __forceinline__ void add_ranks(const EntryLists& lists, std::size_t first_rank,
                                          std::uint64_t first, std::uint32_t count, float* sums) {
  __shared__ std::size_t bounds[block_threads];
  const std::size_t ranks =
      lists.ranks - first_rank < ranks_at_once ? lists.ranks - first_rank : ranks_at_once;
  if (threadIdx.x < 2 * ranks)
    bounds[threadIdx.x] = lower_bound(lists.entries + (first_rank + threadIdx.x / 2) * lists.length,
                                      lists.length, first + threadIdx.x % 2 * count);
  __syncthreads();
  for (std::size_t r = 0; r < ranks; ++r) {
    const Entry* list = lists.entries + (first_rank + r) * lists.length;
    for (std::size_t e = bounds[2 * r] + threadIdx.x; e < bounds[2 * r + 1]; e += block_threads)
      sums[list[e].index - first] += list[e].value;
    __syncthreads();
  }
}

__global__ void __launch_bounds__(block_threads)
    add_lists(const Chunk* chunks, std::size_t chunk_count, std::size_t origin,
              const __grid_constant__ EntryLists lists, float* gradients) {
  __shared__ float sums[chunk_elements];
  for (std::size_t c = blockIdx.x; c < chunk_count; c += gridDim.x) {
    const Chunk chunk = chunks[c];
    for (std::uint32_t i = threadIdx.x; i < chunk.count; i += block_threads)
      sums[i] = 0;
    for (std::size_t r = 0; r < lists.ranks; r += ranks_at_once)
      add_ranks(lists, r, chunk.begin - origin, chunk.count, sums);
    for (std::uint32_t i = threadIdx.x; i < chunk.count; i += block_threads)
      gradients[chunk.begin + i] = sums[i];
    __syncthreads();
  }
}

}  // namespace

void take_largest(DeviceStream& stream, const TopK& work, DeviceSpan<Entry> entries) {
  const Work all{.chunks = work.chunks.data(),
                 .chunk_count = work.chunks.size(),
                 .origin = work.origin,
                 .gradients = work.gradients.data(),
                 .residual = work.residual.data(),
                 .counts = work.counts.data(),
                 .selection = work.selection.data(),
                 .entries = entries.data(),
                 .wanted = static_cast<std::uint32_t>(entries.size())};
  const std::size_t blocks = work.chunks.size();
  rondo::cuda::launch<&count_digit<0>>(stream, "grad::count_digit 0", blocks, all);
  rondo::cuda::launch<&count_digit<1>>(stream, "grad::count_digit 1", blocks, all);
  rondo::cuda::launch<&count_digit<2>>(stream, "grad::count_digit 2", blocks, all);
  rondo::cuda::launch<&count_chunks>(stream, "grad::count_chunks", blocks, all);
  rondo::cuda::launch<&write_entries>(stream, "grad::write_entries", blocks, all);
}

void add_entries(DeviceStream& stream, Chunks chunks, std::size_t origin,
                 DeviceSpan<const Entry> entries, std::size_t ranks, DeviceSpan<float> gradients) {
  rondo::cuda::launch<&add_lists>(
      stream, "grad::add_entries", chunks.size(), chunks.data(), chunks.size(), origin,
      EntryLists{entries.data(), entries.size() / ranks, ranks}, gradients.data());
}

}  // namespace rondo::grad::cuda
