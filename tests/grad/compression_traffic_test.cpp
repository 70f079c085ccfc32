// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What compressed gradients cost: bytes over the links, fresh memory.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

#include "comm/make_communicator.hpp"
#include "grad/compression_checks.hpp"
#include "support/counting_transport.hpp"

namespace rondo::grad {
namespace {

/// Of allocations that are worth pages; all others are free.
std::atomic<std::size_t> large_allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
  if (bytes >= 4096) ++large_allocations;
  void* const memory = std::aligned_alloc(alignment, round_up(bytes, alignment));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

test::Layout large_layout() {
  return test::Layout({{"dense", {256, 300}, ParameterRole::weight},
                       {"bias", {5000}, ParameterRole::bias},
                       {"running", {3000}, ParameterRole::statistic},
                       {"convolution", {64, 20, 5, 3}, ParameterRole::weight}});
}

TEST(CompressionMemory, is_allocated_in_the_first_steps_only) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    const test::Layout layout = large_layout();
    for (const auto name : compression_names()) {
      const auto compressor = make_compressor(name, {.warmup_steps = 0}, layout.parameters);
      auto gradients = test::gradient_of(layout, 0, 0);
      for (int step = 0; step < 40; ++step)
        test::reduce_in_ranges(comm, *compressor, gradients);

      const std::size_t before = large_allocations;
      for (int step = 0; step < 5; ++step)
        test::reduce_in_ranges(comm, *compressor, gradients);

      EXPECT_EQ(large_allocations - before, 0U) << name;
    }
  });
}

/// What rank 0 of `ranks` sends in one step, by what an uncompressed element takes.
double sent_by_element(int ranks, std::string_view name) {
  double sent = 0;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    const test::Layout layout({{"dense", {256, 256}}});
    auto counting = std::make_unique<rondo::test::CountingTransport>(transport);
    const rondo::test::CountingTransport& counted_bytes = *counting;
    const auto comm = comm::make_communicator(std::move(counting), {.shared_memory = false});
    const auto compressor = make_compressor(name, {}, layout.parameters);
    auto gradients = test::gradient_of(layout, transport.rank(), 0);
    const std::size_t before = counted_bytes.bytes_sent();

    compressor->reduce(*comm, gradients, {0, layout.elements});

    if (transport.rank() == 0)
      sent = static_cast<double>(counted_bytes.bytes_sent() - before) / (4.0 * 256 * 256);
  });
  return sent;
}

TEST(CompressionTraffic, of_int8_is_a_quarter_of_f32_on_any_number_of_ranks) {
  for (const int ranks : {2, 3, 5, 8}) {
    const double ideal = 2.0 * (ranks - 1) / ranks;
    EXPECT_NEAR(sent_by_element(ranks, "none"), ideal, 0.02) << ranks;
    EXPECT_NEAR(sent_by_element(ranks, "bf16"), ideal / 2, 0.02) << ranks;
    EXPECT_NEAR(sent_by_element(ranks, "int8"), ideal / 4, 0.03) << ranks;
  }
}

}  // namespace
}  // namespace rondo::grad

// Not inline: where only one of a pair is, GCC warns of memory that free() did not make.
// NOLINTBEGIN(misc-new-delete-overloads): those that are not here call one of these
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return rondo::grad::counted(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return rondo::grad::counted(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
// NOLINTEND(misc-new-delete-overloads)
