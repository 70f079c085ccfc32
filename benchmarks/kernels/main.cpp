// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// The bandwidth of the element-wise kernels, on one core. Bytes are those that the program reads
// and writes: (inputs + outputs) * size. A cached store to what is not in the cache moves each line
// twice, which is not counted: that is what streaming stores spare.

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"

#include "chunks.hpp"
#include "comm/kernels/reduce.hpp"
#include "comm/kernels/wire.hpp"

namespace rondo::comm {
namespace {

constexpr std::array<std::size_t, 4> sizes{16U << 10, 1U << 20, 16U << 20, 64U << 20};
constexpr std::array both_stores{Stores::cached, Stores::streaming};

std::string_view name_of(Stores stores) {
  return stores == Stores::cached ? "cached" : "streaming";
}

/// `count` buffers of `bytes` bytes, whose floats of any type are small numbers.
class Buffers {
 public:
  Buffers(std::size_t count, std::size_t bytes) {
    for (std::size_t k = 0; k < count; ++k)
      std::memset(buffers_.emplace_back(bytes).data(), 0x3C, bytes);
  }

  std::byte* operator[](std::size_t k) { return buffers_[k].data(); }
  std::vector<std::byte*> addresses(std::size_t first, std::size_t count) {
    std::vector<std::byte*> addresses;
    for (std::size_t k = first; k < first + count; ++k)
      addresses.push_back(buffers_[k].data());
    return addresses;
  }

 private:
  std::vector<AlignedBuffer<std::byte>> buffers_;
};

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

struct ReduceAllCase {
  DType dtype;
  ReduceOp op;
  int divisor;
  std::size_t ranks;
  std::size_t bytes;
  Stores stores;
};

/// As an allreduce of so many ranks on one machine, out of place.
void run_reduce_all(benchmark::State& state, const ReduceAllCase& c) {
  Buffers buffers(2 * c.ranks, c.bytes);
  const std::vector<std::byte*> from = buffers.addresses(0, c.ranks);
  const std::vector<const std::byte*> inputs(from.begin(), from.end());
  const std::vector<std::byte*> outputs = buffers.addresses(c.ranks, c.ranks);
  for ([[maybe_unused]] auto _ : state) {
    reduce_all(c.dtype, c.op, c.divisor, inputs, outputs, c.bytes, c.stores);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2 * c.ranks * c.bytes);
}

/// What a compiler makes of the loop for two ranks: the kernel's competitor.
void run_plain_loop(benchmark::State& state, std::size_t bytes) {
  Buffers buffers(4, bytes);
  const auto* const a = reinterpret_cast<const float*>(buffers[0]);
  const auto* const b = reinterpret_cast<const float*>(buffers[1]);
  auto* const x = reinterpret_cast<float*>(buffers[2]);
  auto* const y = reinterpret_cast<float*>(buffers[3]);
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < bytes / sizeof(float); ++i)
      x[i] = y[i] = a[i] + b[i];
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4 * bytes);
}

void run_copy(benchmark::State& state, std::size_t bytes, Stores stores) {
  Buffers buffers(2, bytes);
  for ([[maybe_unused]] auto _ : state) {
    copy_bytes(std::span<const std::byte>(buffers[0], bytes), std::span(buffers[1], bytes), stores);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2 * bytes);
}

using WireKernel = std::function<void(DType, std::span<float>, std::span<std::byte>)>;

/// `bytes` is the size of the floats, `moved` how many bytes a float makes the kernel move.
void run_wire(benchmark::State& state, DType wire, std::size_t bytes, std::size_t moved,
              const WireKernel& kernel) {
  Buffers buffers(2, bytes);
  const std::size_t count = bytes / sizeof(float);
  const std::span values(reinterpret_cast<float*>(buffers[0]), count);
  const std::span encoded(buffers[1], bytes / 2);
  for ([[maybe_unused]] auto _ : state) {
    kernel(wire, values, encoded);
    benchmark::ClobberMemory();
  }
  count_bytes(state, count * moved);
}

void register_reductions() {
  const auto add = [](std::string_view what, const ReduceAllCase& c) {
    benchmark::RegisterBenchmark(
        fmt::format("reduce_all/{}/{}/{}ranks/{}KiB/{}", what, rondo::name_of(c.dtype), c.ranks,
                    c.bytes >> 10, name_of(c.stores))
            .c_str(),
        run_reduce_all, c);
  };
  for (const std::size_t bytes : sizes)
    for (const Stores stores : both_stores) {
      for (const DType dtype :
           {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i32, DType::i64, DType::u8})
        add("sum", {dtype, ReduceOp::sum, 1, 2, bytes, stores});
      for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
        add("avg", {dtype, ReduceOp::avg, 2, 2, bytes, stores});
        add("max", {dtype, ReduceOp::max, 1, 2, bytes, stores});
      }
      for (const std::size_t ranks : {4U, 8U})
        add("sum", {DType::f32, ReduceOp::sum, 1, ranks, bytes, stores});
    }
}

void register_copies() {
  for (const std::size_t bytes : sizes) {
    benchmark::RegisterBenchmark(fmt::format("plain_loop/f32/2ranks/{}KiB", bytes >> 10).c_str(),
                                 run_plain_loop, bytes);
    for (const Stores stores : both_stores)
      benchmark::RegisterBenchmark(
          fmt::format("copy/{}KiB/{}", bytes >> 10, name_of(stores)).c_str(), run_copy, bytes,
          stores);
  }
}

void register_wire() {
  struct Kernel {
    std::string_view name;
    std::size_t moved;
    WireKernel run;
  };
  const std::array<Kernel, 4> kernels{{
      {"encode", 6, [](DType wire, auto values, auto bytes) { encode(wire, values, bytes); }},
      {"decode", 6, [](DType wire, auto values, auto bytes) { decode(wire, bytes, values); }},
      {"reduce_encoded", 10,
       [](DType wire, auto values, auto bytes) {
         reduce_encoded(wire, ReduceOp::max, values, bytes);
       }},
      {"round_to_wire", 8, [](DType wire, auto values, auto) { round_to_wire(wire, values); }},
  }};
  for (const Kernel& kernel : kernels)
    for (const DType wire : {DType::bf16, DType::f16})
      for (const std::size_t bytes : sizes)
        benchmark::RegisterBenchmark(
            fmt::format("{}/{}/{}KiB", kernel.name, rondo::name_of(wire), bytes >> 10).c_str(),
            run_wire, wire, bytes, kernel.moved, kernel.run);
}

}  // namespace
}  // namespace rondo::comm

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  rondo::comm::register_reductions();
  rondo::comm::register_copies();
  rondo::comm::register_wire();
  rondo::io::register_chunks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
