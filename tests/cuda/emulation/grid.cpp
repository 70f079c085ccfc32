// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grid.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "fiber.hpp"

dim3 threadIdx;
dim3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace cuda_emulation {
namespace {

/// Always the same sequence: a test that fails fails again.
std::mt19937& chance() {
  static std::mt19937 random(1);
  return random;
}

std::vector<unsigned> in_some_order(unsigned count) {
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), chance());
  return order;
}

enum class Waiting { not_at_all, for_warp, for_block };

struct Thread {
  Fiber fiber;
  Waiting waiting = Waiting::not_at_all;
  unsigned mask = 0;  ///< of the lanes that it waits for
  Place place = {};
  unsigned exchanges = 0;

  bool is_at(Waiting what, const Place& where) const {
    return waiting == what && place.file == where.file && place.line == where.line;
  }
};

/// What lanes give is kept until the exchange after the next: nobody begins that one before all
/// have taken theirs.
using Gifts = std::array<std::array<std::uint64_t, warp_lanes>, 2>;

/// A block's threads; the fibers serve one block after another.
class Block {
 public:
  explicit Block(unsigned threads)
      : threads_(threads), gifts_((threads + warp_lanes - 1) / warp_lanes) {}

  std::size_t size() const { return threads_.size(); }
  bool run(const std::function<void()>& body);

  void wait(Waiting what, unsigned mask, const Place& place) {
    Thread& thread = threads_[threadIdx.x];
    thread.waiting = what;
    thread.mask = mask;
    thread.place = place;
    thread.fiber.suspend();
  }

  std::uint64_t exchange(unsigned mask, std::uint64_t value, unsigned source, const Place& place) {
    const unsigned self = threadIdx.x;
    auto& gifts = gifts_[self / warp_lanes][threads_[self].exchanges++ % 2];
    gifts[self % warp_lanes] = value;
    wait(Waiting::for_warp, mask, place);
    return gifts[source];
  }

 private:
  void run_ready();
  bool release_warps();
  bool release_warp_of(unsigned first);
  bool release_block();
  bool have_all_ended() const {
    return std::ranges::all_of(threads_, [](const Thread& t) { return t.fiber.ended(); });
  }
  void tell_fault() const;

  std::vector<Thread> threads_;
  std::vector<Gifts> gifts_;
};

Block* running = nullptr;

bool Block::run(const std::function<void()>& body) {
  running = this;
  for (Thread& thread : threads_) {
    thread.fiber.start(body);
    thread.waiting = Waiting::not_at_all;
    thread.exchanges = 0;
  }
  do {
    run_ready();
  } while (release_warps() || release_block());
  if (have_all_ended()) return true;
  tell_fault();
  return false;
}

void Block::run_ready() {
  for (const unsigned i : in_some_order(static_cast<unsigned>(threads_.size()))) {
    Thread& thread = threads_[i];
    if (thread.waiting != Waiting::not_at_all || thread.fiber.ended()) continue;
    threadIdx = i;
    thread.fiber.resume();
  }
}

bool Block::release_warps() {
  bool any = false;
  for (unsigned first = 0; first < threads_.size(); ++first)
    if (threads_[first].waiting == Waiting::for_warp) any |= release_warp_of(first);
  return any;
}

/// If all lanes that thread `first` waits for stand where it stands.
bool Block::release_warp_of(unsigned first) {
  const Thread& one = threads_[first];
  const unsigned warp = first / warp_lanes * warp_lanes;
  const auto lanes = [&](auto visit) {
    for (unsigned lane = 0; lane < warp_lanes; ++lane)
      if ((one.mask >> lane & 1U) != 0 && !visit(warp + lane)) return false;
    return true;
  };
  const bool complete = lanes([&](unsigned i) {
    return i < threads_.size() && threads_[i].is_at(Waiting::for_warp, one.place) &&
           threads_[i].mask == one.mask;
  });
  return complete && lanes([&](unsigned i) {
           threads_[i].waiting = Waiting::not_at_all;
           return true;
         });
}

/// Threads that have ended are not waited for.
bool Block::release_block() {
  const auto first =
      std::ranges::find_if(threads_, [](const Thread& t) { return !t.fiber.ended(); });
  if (first == threads_.end()) return false;
  const bool complete = std::ranges::all_of(threads_, [&](const Thread& t) {
    return t.fiber.ended() || t.is_at(Waiting::for_block, first->place);
  });
  if (!complete) return false;
  for (Thread& thread : threads_)
    thread.waiting = Waiting::not_at_all;
  return true;
}

void Block::tell_fault() const {
  const auto stuck =
      std::ranges::find_if(threads_, [](const Thread& t) { return !t.fiber.ended(); });
  std::fprintf(stderr, "emulated GPU: thread %d of block %u waits at %s:%d for others in vain\n",
               static_cast<int>(stuck - threads_.begin()), blockIdx.x, stuck->place.file,
               stuck->place.line);
}

}  // namespace

void wait_for_block(const Place& place) {
  running->wait(Waiting::for_block, 0, place);
}

std::uint64_t exchange(unsigned mask, std::uint64_t value, unsigned source, const Place& place) {
  return running->exchange(mask, value, source, place);
}

bool run_grid(unsigned blocks, unsigned threads, const std::function<void()>& thread) {
  gridDim = blocks;
  blockDim = threads;
  static std::unique_ptr<Block> block;  // kept: its stacks are large
  if (block == nullptr || block->size() != threads) block = std::make_unique<Block>(threads);
  const auto order = in_some_order(blocks);
  const bool all_ended = std::ranges::all_of(order, [&](unsigned index) {
    blockIdx = index;
    return block->run(thread);
  });
  if (!all_ended) block.reset();
  return all_ended;
}

}  // namespace cuda_emulation
