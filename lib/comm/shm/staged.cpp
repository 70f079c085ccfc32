// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/staged.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "comm/kernels/reduce.hpp"
#include "comm/shm/slices.hpp"

namespace rondo::comm {
namespace {

using Slot = std::size_t;

std::uint64_t chunk_count(std::size_t bytes, std::size_t chunk_bytes) {
  return (bytes + chunk_bytes - 1) / chunk_bytes;
}

/// Bytes of chunk `index` of `bytes`; empty past their end.
Cut chunk_of(std::size_t bytes, std::size_t chunk_bytes, std::uint64_t index) {
  return {std::min(index * chunk_bytes, bytes), std::min((index + 1) * chunk_bytes, bytes)};
}

std::byte* staging_of(Node& node, int local, Slot slot) {
  return node.board(local).staging[slot].data();
}
std::byte* results_of(Node& node, int local, Slot slot) {
  return node.board(local).results[slot].data();
}

void advance(Counter& counter, std::uint64_t value) {
  counter.value.store(value, std::memory_order_release);
}

Task all_reached(Node& node, Runner& runner, Counter Board::*counter, std::uint64_t value) {
  for (int local = 0; local < node.size(); ++local)
    co_await node.reached(runner, local, counter, value);
}

/// Reduces node.inputs() to `output` and to `result`, as many bytes.
///
/// Past the cache it goes by way of a block that stays in it: the two are not equally aligned.
void reduce_to_both(Node& node, const StagedOptions& options, std::span<std::byte> output,
                    std::byte* result) {
  if (options.stores == Stores::cached) {
    const std::array<std::byte*, 2> outputs{output.data(), result};
    reduce_all(options.dtype, options.op, options.divisor, node.inputs(), outputs, output.size(),
               Stores::cached);
    return;
  }
  constexpr std::size_t block_bytes = std::size_t{16} << 10;
  alignas(cache_line_bytes) std::array<std::byte, block_bytes> block;
  std::byte* const to = block.data();
  for (std::size_t begin = 0; begin < output.size(); begin += block_bytes) {
    const std::size_t bytes = std::min(block_bytes, output.size() - begin);
    reduce_all(options.dtype, options.op, options.divisor, node.inputs(), std::span(&to, 1), bytes,
               Stores::cached);
    copy_bytes({to, bytes}, output.subspan(begin, bytes), options.stores);
    copy_bytes({to, bytes}, {result + begin, bytes}, options.stores);
    for (const std::byte*& input : node.inputs())
      input += bytes;
  }
}

struct Nothing {
  void operator()(std::uint64_t, Slot) const {}
};

/// Runs `count` chunks through three stages, each for a chunk of its own at a time: copy_in(chunk,
/// slot) once all are through with the slot's last chunk, reduce(chunk, slot) once all have copied
/// in, copy_out(chunk, slot), where there is one, once all have reduced.
template <class CopyIn, class Reduce, class CopyOut>
Task pipeline(Node& node, Runner& runner, std::uint64_t count, CopyIn copy_in, Reduce reduce,
              CopyOut copy_out) {
  Board& mine = node.own_board();
  const std::uint64_t base = node.chunks();  // chunks are numbered over all rounds
  node.add_chunks(count);
  const auto slot_of = [](std::uint64_t number) { return number % Board::slots; };
  constexpr bool copies_out = !std::is_same_v<CopyOut, Nothing>;
  for (std::uint64_t i = 0; i < count + (copies_out ? 2 : 1); ++i) {
    const std::uint64_t number = base + i;
    if (i < count) {
      if (number >= Board::slots)
        co_await all_reached(node, runner, &Board::consumed, number + 1 - Board::slots);
      copy_in(i, slot_of(number));
      advance(mine.staged, number + 1);
    }
    if (i >= 1 && i < count + 1) {
      co_await all_reached(node, runner, &Board::staged, number);
      reduce(i - 1, slot_of(number - 1));
      advance(copies_out ? mine.reduced : mine.consumed, number);
    }
    if (copies_out && i >= 2) {
      co_await all_reached(node, runner, &Board::reduced, number - 1);
      copy_out(i - 2, slot_of(number - 2));
      advance(mine.consumed, number - 1);
    }
  }
}

}  // namespace

Task staged_allreduce(Node& node, Runner& runner, std::span<const std::byte> input,
                      std::span<std::byte> output, StagedOptions options) {
  const int self = node.rank();
  const std::size_t chunk_bytes = options.chunk_bytes;
  const auto chunk = [=](std::uint64_t c) { return chunk_of(input.size(), chunk_bytes, c); };
  const auto slice = [&node](Cut part, int local) {
    return slice_of(part.end - part.begin, local, node.size());
  };
  // The own slice is read where it is.
  const auto copy_in = [=, &node](std::uint64_t c, Slot slot) {
    const Cut part = chunk(c);
    const Cut own = slice(part, self);
    const std::byte* const from = input.data() + part.begin;
    std::byte* const to = staging_of(node, self, slot);
    const std::size_t bytes = part.end - part.begin;
    copy_bytes({from, own.begin}, {to, own.begin}, options.stores);
    copy_bytes({from + own.end, bytes - own.end}, {to + own.end, bytes - own.end}, options.stores);
  };
  const auto reduce = [=, &node](std::uint64_t c, Slot slot) {
    const Cut part = chunk(c);
    const Cut own = slice(part, self);
    for (int local = 0; local < node.size(); ++local)
      node.inputs()[static_cast<std::size_t>(local)] =
          (local == self ? input.data() + part.begin : staging_of(node, local, slot)) + own.begin;
    reduce_to_both(node, options, output.subspan(part.begin + own.begin, own.end - own.begin),
                   results_of(node, self, slot) + own.begin);
  };
  const auto copy_out = [=, &node](std::uint64_t c, Slot slot) {
    const Cut part = chunk(c);
    for (int local = 0; local < node.size(); ++local) {
      if (local == self) continue;
      const Cut theirs = slice(part, local);
      const std::size_t bytes = theirs.end - theirs.begin;
      copy_bytes({results_of(node, local, slot) + theirs.begin, bytes},
                 output.subspan(part.begin + theirs.begin, bytes), options.stores);
    }
  };
  co_await pipeline(node, runner, chunk_count(input.size(), chunk_bytes), copy_in, reduce,
                    copy_out);
}

Task staged_reduce_blocks(Node& node, Runner& runner, std::span<const std::byte> input,
                          std::vector<Cut> blocks, std::span<std::byte> output,
                          StagedOptions options) {
  const int self = node.rank();
  // A slot holds a piece of every block.
  const std::size_t piece_bytes =
      std::max(options.chunk_bytes / blocks.size() / cache_line_bytes, std::size_t{1}) *
      cache_line_bytes;
  std::size_t longest = 0;
  for (const Cut& block : blocks)
    longest = std::max(longest, block.end - block.begin);
  const auto piece = [&, piece_bytes](int local, std::uint64_t c) {
    const Cut& block = blocks[static_cast<std::size_t>(local)];
    const Cut part = chunk_of(block.end - block.begin, piece_bytes, c);
    return Cut{block.begin + part.begin, block.begin + part.end};
  };
  const auto place = [=](int local) { return static_cast<std::size_t>(local) * piece_bytes; };

  const auto copy_in = [=, &node](std::uint64_t c, Slot slot) {
    for (int local = 0; local < node.size(); ++local) {
      const Cut part = piece(local, c);
      if (local != self)
        std::memcpy(staging_of(node, self, slot) + place(local), input.data() + part.begin,
                    part.end - part.begin);
    }
  };
  const auto reduce = [=, &node, &blocks](std::uint64_t c, Slot slot) {
    const Cut part = piece(self, c);
    for (int local = 0; local < node.size(); ++local)
      node.inputs()[static_cast<std::size_t>(local)] =
          local == self ? input.data() + part.begin : staging_of(node, local, slot) + place(self);
    std::byte* const to =
        output.data() + (part.begin - blocks[static_cast<std::size_t>(self)].begin);
    if (part.begin < part.end)
      reduce_all(options.dtype, options.op, options.divisor, node.inputs(), std::span(&to, 1),
                 part.end - part.begin, Stores::cached);
  };
  co_await pipeline(node, runner, chunk_count(longest, piece_bytes), copy_in, reduce, Nothing());
}

Task staged_gather_blocks(Node& node, Runner& runner, std::span<const std::byte> own,
                          std::vector<Cut> blocks, std::span<std::byte> output,
                          StagedOptions options) {
  const int self = node.rank();
  std::size_t longest = 0;
  for (const Cut& block : blocks)
    longest = std::max(longest, block.end - block.begin);
  std::byte* const own_place = output.data() + blocks[static_cast<std::size_t>(self)].begin;
  if (own.data() != own_place && !own.empty()) std::memcpy(own_place, own.data(), own.size());

  const auto copy_in = [=, &node](std::uint64_t c, Slot slot) {
    const Cut part = chunk_of(own.size(), options.chunk_bytes, c);
    if (part.begin < part.end)
      std::memcpy(staging_of(node, self, slot), own.data() + part.begin, part.end - part.begin);
  };
  const auto copy_out = [=, &node, &blocks](std::uint64_t c, Slot slot) {
    for (int local = 0; local < node.size(); ++local) {
      const Cut& block = blocks[static_cast<std::size_t>(local)];
      const Cut part = chunk_of(block.end - block.begin, options.chunk_bytes, c);
      const std::size_t bytes = part.end - part.begin;
      if (local != self)
        copy_bytes({staging_of(node, local, slot), bytes},
                   output.subspan(block.begin + part.begin, bytes), options.stores);
    }
  };
  co_await pipeline(node, runner, chunk_count(longest, options.chunk_bytes), copy_in, copy_out,
                    Nothing());
}

Task staged_broadcast(Node& node, Runner& runner, std::span<std::byte> data, int root,
                      StagedOptions options) {
  const auto chunk = [=](std::uint64_t c) {
    const Cut part = chunk_of(data.size(), options.chunk_bytes, c);
    return data.subspan(part.begin, part.end - part.begin);
  };
  const auto copy_in = [=, &node](std::uint64_t c, Slot slot) {
    const auto part = chunk(c);
    if (node.rank() == root) std::memcpy(staging_of(node, root, slot), part.data(), part.size());
  };
  const auto copy_out = [=, &node](std::uint64_t c, Slot slot) {
    const auto part = chunk(c);
    if (node.rank() != root)
      copy_bytes({staging_of(node, root, slot), part.size()}, part, options.stores);
  };
  co_await pipeline(node, runner, chunk_count(data.size(), options.chunk_bytes), copy_in, copy_out,
                    Nothing());
}

}  // namespace rondo::comm
