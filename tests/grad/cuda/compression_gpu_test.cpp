// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The compressors' passes on a GPU against what the CPU's do: the same bits.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "grad/compression/cuda/kernels.hpp"
#include "grad/compression/device_chunks.hpp"
#include "grad/compression/elements.hpp"
#include "grad/compression/int8_blocks.hpp"
#include "grad/compression/int8_slices.hpp"
#include "grad/compression/largest.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::grad {
namespace {

using test::gpu_floats;
using test::OnGpu;
using test::same_bits;

/// Stretches of odd lengths with gaps between them, the first at `begin`.
Runs odd_runs(std::size_t begin = 0) {
  std::vector<ElementRange> ranges;
  for (const std::size_t length : {1, 2, 3, 31, 33, 255, 256, 257, 1023, 1024, 1025, 4099, 5}) {
    ranges.push_back({begin, begin + length});
    begin += length + 17;
  }
  return Runs(std::move(ranges));
}

/// Nothing, one element, odd stretches, and one that every block of the GPU has to go through.
std::vector<Runs> all_runs(const Device& device) {
  return {Runs(), Runs({{5, 6}}), odd_runs(), odd_runs(3),
          Runs({{16, 16 + test::several_grids(device)}})};
}

/// Elements of an arena with something behind the runs, which nobody may touch.
std::size_t arena_elements(const Runs& runs) {
  return 16 + (runs.ranges().empty() ? 0 : runs.ranges().back().end);
}

/// visit(position in the arena, in the sequence)
template <class Visit>
void for_each_element(const Runs& runs, Visit&& visit) {
  runs.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      visit(at + i, position + i);
  });
}

class DeviceCompression : public testing::Test {
 protected:
  template <class T>
  OnGpu<T> send(const std::vector<T>& values, std::size_t offset = 0) {
    return {device_, stream_, values, offset};
  }

  Device device_;
  DeviceStream stream_{device_};
};

TEST_F(DeviceCompression, gathers_and_scatters_runs) {
  for (const Runs& runs : all_runs(device_)) {
    const DeviceChunks chunks = device_chunks(device_, {&runs, 1});
    const auto values = gpu_floats(arena_elements(runs), 1);
    std::vector<float> packed(runs.count());
    std::vector<float> back(values.size(), 5.0F);
    for_each_element(runs, [&](std::size_t at, std::size_t position) {
      packed[position] = values[at];
      back[at] = values[at];
    });
    OnGpu<float> from = send(values, 1);
    OnGpu<float> sequence = send(std::vector<float>(runs.count()), 3);
    OnGpu<float> to = send(std::vector<float>(values.size(), 5.0F));

    cuda::gather(stream_, chunks.of(0), from.span(), sequence.span());
    cuda::scatter(stream_, chunks.of(0), sequence.span(), to.span());

    EXPECT_TRUE(same_bits(sequence.read(), packed));
    EXPECT_TRUE(same_bits(to.read(), back));
  }
}

TEST_F(DeviceCompression, multiplies_at_any_length_and_address) {
  for (const std::size_t count : test::odd_counts(device_))
    for (const std::size_t offset : test::offsets) {
      auto values = gpu_floats(count, 2, true);
      OnGpu<float> on_gpu = send(values, offset);

      cuda::multiply(stream_, on_gpu.span(), 0.3F);

      for (float& value : values)
        value *= 0.3F;
      EXPECT_TRUE(same_bits(on_gpu.read(), values)) << count << " at " << offset;
    }
}

template <class T>
class DeviceShortFloats : public DeviceCompression {};
using ShortFloats = testing::Types<bfloat16, half>;
TYPED_TEST_SUITE(DeviceShortFloats, ShortFloats);

TYPED_TEST(DeviceShortFloats, round_and_keep_the_rest) {
  for (const Runs& runs : all_runs(this->device_))
    for (const bool wide : {false, true}) {
      const DeviceChunks chunks = device_chunks(this->device_, {&runs, 1});
      const auto values = gpu_floats(arena_elements(runs), 3, wide);
      auto rest = gpu_floats(values.size(), 4);
      OnGpu<float> gradients = this->send(values, 1);
      OnGpu<float> residual = this->send(rest);
      OnGpu<TypeParam> sent = this->send(std::vector<TypeParam>(runs.count() + 1), 1);

      cuda::round_with_feedback<TypeParam>(this->stream_, chunks.of(0), gradients.span(),
                                           residual.span(), sent.span());

      std::vector<TypeParam> expected(runs.count() + 1);
      for_each_element(runs, [&](std::size_t at, std::size_t position) {
        expected[position] = element::round_with_feedback<TypeParam>(values[at], rest[at]);
      });
      EXPECT_TRUE(same_bits(sent.read(), expected));
      EXPECT_TRUE(same_bits(residual.read(), rest, "residual"));
    }
}

TYPED_TEST(DeviceShortFloats, add_a_slice_in_the_order_of_ranks_and_keep_what_that_rounds) {
  constexpr std::size_t ranks = 3;
  for (const Runs& runs : all_runs(this->device_))
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const DeviceChunks chunks = device_chunks(this->device_, {&runs, 1});
      const std::size_t slice = (runs.count() + ranks - 1) / ranks;
      std::vector<TypeParam> theirs;
      for (const float value : gpu_floats(slice * ranks, 5, rank == 1))
        theirs.emplace_back(value);
      auto rest = gpu_floats(arena_elements(runs), 6);
      OnGpu<TypeParam> received = this->send(theirs, rank);
      OnGpu<float> residual = this->send(rest);
      OnGpu<TypeParam> own = this->send(std::vector<TypeParam>(slice), rank);

      cuda::round_sum<TypeParam>(this->stream_, chunks.of(0), rank * slice, received.span(),
                                 residual.span(), own.span());

      std::vector<TypeParam> expected(slice);
      for_each_element(runs, [&](std::size_t at, std::size_t position) {
        if (position / slice != rank) return;
        const TypeParam* from = theirs.data() + position % slice;
        const float sum = (static_cast<float>(from[0]) + static_cast<float>(from[slice])) +
                          static_cast<float>(from[2 * slice]);
        expected[position % slice] = element::round_sum<TypeParam>(sum, rest[at]);
      });
      EXPECT_TRUE(same_bits(own.read(), expected));
      EXPECT_TRUE(same_bits(residual.read(), rest, "residual"));
    }
}

TYPED_TEST(DeviceShortFloats, decode_a_sequence) {
  for (const Runs& runs : all_runs(this->device_)) {
    const DeviceChunks chunks = device_chunks(this->device_, {&runs, 1});
    std::vector<TypeParam> values;
    for (const float value : gpu_floats(runs.count(), 7, true))
      values.emplace_back(value);
    std::vector<float> expected(arena_elements(runs), 9.0F);
    OnGpu<TypeParam> sequence = this->send(values, 3);
    OnGpu<float> gradients = this->send(expected, 1);

    cuda::decode<TypeParam>(this->stream_, chunks.of(0), sequence.span(), gradients.span());

    for_each_element(runs, [&](std::size_t at, std::size_t position) {
      expected[at] = static_cast<float>(values[position]);
    });
    EXPECT_TRUE(same_bits(gradients.read(), expected));
  }
}

/// Messages on the CPU.
class Int8OnCpu {
 public:
  explicit Int8OnCpu(const Int8Slices& slices) : slices_(slices) {}

  float scale(const std::vector<std::byte>& all, std::size_t rank, std::size_t block) const {
    float scale = 0;
    std::memcpy(&scale, all.data() + rank * slices_.message_bytes() + block * sizeof(float),
                sizeof(float));
    return scale;
  }
  void set_scale(std::vector<std::byte>& all, std::size_t rank, std::size_t block,
                 float scale) const {
    std::memcpy(all.data() + rank * slices_.message_bytes() + block * sizeof(float), &scale,
                sizeof(float));
  }
  std::span<std::int8_t> codes(std::vector<std::byte>& all, std::size_t rank, std::size_t block,
                               std::size_t count) const {
    auto* const first = reinterpret_cast<std::int8_t*>(all.data() + rank * slices_.message_bytes() +
                                                       slices_.blocks() * sizeof(float));
    return {first + block * slices_.block_elements(), count};
  }

 private:
  const Int8Slices& slices_;
};

/// Also of values whose blocks are not finite, tiny, or all zero.
std::vector<float> int8_values(std::size_t count, unsigned seed, bool special) {
  auto values = gpu_floats(count, seed);
  for (std::size_t i = 0; special && i < count; ++i) {
    if (i % 3000 == 11) values[i] = i % 2 == 0 ? NAN : -INFINITY;
    if (i % 5000 > 3000) values[i] = 1e-44F;
    if (i % 5000 > 4000) values[i] = 0;
    if (i % 7000 == 6000) values[i] = std::numeric_limits<float>::max();
  }
  return values;
}

struct Int8Case {
  Runs runs;
  std::size_t block;
  int ranks;
};

std::vector<Int8Case> int8_cases(const Device& device) {
  std::vector<Int8Case> cases;
  for (const std::size_t block : {7U, 24U, 256U, 1000U, 65'536U})
    for (const int ranks : {1, 2, 3})
      cases.push_back({odd_runs(block % 4), block, ranks});
  cases.push_back({odd_runs(), 1, 2});
  cases.push_back({Runs({{5, 6}}), 256, 3});
  cases.push_back({Runs({{16, 16 + test::several_grids(device)}}), 256, 2});
  return cases;
}

cuda::Int8Messages messages_of(const Int8Slices& slices) {
  return {.blocks = slices.blocks(),
          .block_elements = slices.block_elements(),
          .bytes = slices.message_bytes()};
}

DeviceChunks blocks_of(const Device& device, const Int8Slices& slices) {
  const std::vector<std::vector<cuda::Chunk>> blocks{
      chunks_of(slices.runs(), slices.block_elements())};
  return {device, blocks};
}

TEST_F(DeviceCompression, encodes_blocks_of_int8_as_the_cpu) {
  for (const auto& [runs, block, ranks] : int8_cases(device_))
    for (const bool special : {false, true}) {
      const Int8Slices slices(runs, block, ranks);
      const Int8OnCpu messages(slices);
      const auto values = int8_values(arena_elements(runs), 8, special);
      auto rest = int8_values(values.size(), 9, false);
      if (special) std::ranges::fill(rest, 0.0F);
      OnGpu<float> gradients = send(values, 1);
      OnGpu<float> residual = send(rest);
      OnGpu<std::byte> sent = send(std::vector<std::byte>(slices.all_bytes()));

      cuda::encode(stream_, blocks_of(device_, slices).of(0), messages_of(slices), gradients.span(),
                   residual.span(), sent.span());

      std::vector<std::byte> found = sent.read();
      slices.visit_all([&](std::size_t rank, std::size_t b, std::size_t at, std::size_t count) {
        std::vector<std::int8_t> codes(count);
        const float scale = encode_block(std::span(values).subspan(at, count),
                                         std::span(rest).subspan(at, count), codes);
        EXPECT_TRUE(same_bits<float>({messages.scale(found, rank, b)}, {scale}));
        EXPECT_TRUE(std::ranges::equal(messages.codes(found, rank, b, count), codes));
      });
      EXPECT_TRUE(same_bits(residual.read(), rest, "residual")) << block;
    }
}

TEST_F(DeviceCompression, adds_int8_in_the_order_of_ranks_as_the_cpu) {
  for (const auto& [runs, block, ranks] : int8_cases(device_)) {
    const Int8Slices slices(runs, block, ranks);
    const Int8OnCpu messages(slices);
    const std::size_t owner = static_cast<std::size_t>(ranks) / 2;
    const DeviceChunks blocks = blocks_of(device_, slices);
    std::vector<std::byte> theirs(slices.all_bytes());
    for (std::size_t i = 0; i < theirs.size(); ++i)
      theirs[i] = static_cast<std::byte>(i * 37 % 251);
    for (std::size_t r = 0; r < static_cast<std::size_t>(ranks); ++r)
      for (std::size_t b = 0; b < slices.blocks(); ++b)
        messages.set_scale(theirs, r, b, b % 50 == 40 ? NAN : 0.01F * static_cast<float>(b + r));
    std::vector<float> sum(arena_elements(runs));
    auto rest = gpu_floats(sum.size(), 10);
    OnGpu<std::byte> received = send(theirs);
    OnGpu<float> gradients = send(sum, 3);
    OnGpu<float> residual = send(rest, 1);
    OnGpu<std::byte> own = send(std::vector<std::byte>(slices.message_bytes()));
    const std::size_t first = std::min(owner * slices.blocks(), blocks.of(0).size());
    const auto mine =
        blocks.of(0).subspan(first, std::min(slices.blocks(), blocks.of(0).size() - first));

    cuda::encode_sum(stream_, mine, messages_of(slices), received.span(), gradients.span(),
                     residual.span(), own.span());

    std::vector<std::byte> found = own.read();
    slices.visit_all([&](std::size_t rank, std::size_t b, std::size_t at, std::size_t count) {
      if (rank != owner) return;
      const auto part = std::span(sum).subspan(at, count);
      for (std::size_t r = 0; r < static_cast<std::size_t>(ranks); ++r)
        (r == 0 ? decode_block : add_decoded_block)(messages.scale(theirs, r, b),
                                                    messages.codes(theirs, r, b, count), part);
      std::vector<std::int8_t> codes(count);
      const float scale = encode_block(part, std::span(rest).subspan(at, count), codes);
      EXPECT_TRUE(same_bits<float>({messages.scale(found, 0, b)}, {scale}));
      EXPECT_TRUE(std::ranges::equal(messages.codes(found, 0, b, count), codes));
    });
    EXPECT_TRUE(same_bits(residual.read(), rest, "residual")) << block;
  }
}

TEST_F(DeviceCompression, decodes_int8_as_the_cpu) {
  for (const auto& [runs, block, ranks] : int8_cases(device_)) {
    const Int8Slices slices(runs, block, ranks);
    const Int8OnCpu messages(slices);
    std::vector<std::byte> theirs(slices.all_bytes());
    for (std::size_t i = 0; i < theirs.size(); ++i)
      theirs[i] = static_cast<std::byte>(i * 41 % 253);
    for (std::size_t r = 0; r < static_cast<std::size_t>(ranks); ++r)
      for (std::size_t b = 0; b < slices.blocks(); ++b)
        messages.set_scale(theirs, r, b, 0.1F * static_cast<float>(b + r));
    std::vector<float> expected(arena_elements(runs), 3.0F);
    OnGpu<std::byte> received = send(theirs);
    OnGpu<float> gradients = send(expected, 1);

    cuda::decode(stream_, blocks_of(device_, slices).of(0), messages_of(slices), received.span(),
                 gradients.span());

    slices.visit_all([&](std::size_t rank, std::size_t b, std::size_t at, std::size_t count) {
      decode_block(messages.scale(theirs, rank, b), messages.codes(theirs, rank, b, count),
                   std::span(expected).subspan(at, count));
    });
    EXPECT_TRUE(same_bits(gradients.read(), expected)) << block;
  }
}

/// As the CPU takes them, by index.
std::vector<Entry> largest_on_cpu(const std::vector<float>& values, const Runs& runs,
                                  std::size_t origin, std::size_t wanted) {
  Largest largest;
  largest.begin(wanted);
  const auto part = [&](std::size_t at, std::size_t count) {
    return std::span(values).subspan(at, count);
  };
  runs.visit_all(
      [&](std::size_t at, std::size_t, std::size_t count) { largest.count(part(at, count)); });
  runs.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
    largest.collect(part(at, count), at - origin);
  });
  const auto taken = largest.take();
  std::vector<Entry> entries(taken.begin(), taken.end());
  std::ranges::sort(entries, {}, &Entry::index);
  return entries;
}

void expect_same_entries(const std::vector<Entry>& found, const std::vector<Entry>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].index, expected[i].index) << "entry " << i << " of " << found.size();
    ASSERT_EQ(element::magnitude_bits(found[i].value), element::magnitude_bits(expected[i].value));
  }
}

struct Selected {
  std::string name;
  std::vector<float> gradients;
  std::vector<float> residual;
};

/// Values of which any may be the largest.
std::vector<Selected> kinds_of_values(std::size_t count) {
  const std::vector<float> zeros(count);
  std::vector<float> few(count);
  for (std::size_t i = 0; i < count; ++i)
    few[i] = i % 2 == 0 ? static_cast<float>(i % 5) : -static_cast<float>(i % 3);
  // Differ in their last bits only.
  std::vector<float> alike(count);
  for (std::size_t i = 0; i < count; ++i)
    alike[i] = std::bit_cast<float>(0x3F800000U + static_cast<std::uint32_t>(i * 7919 % 2000));
  auto bad = gpu_floats(count, 14);
  for (std::size_t i = 5; i < count; i += 100)
    bad[i] = i % 200 == 5 ? -INFINITY : NAN;
  return {{"random", gpu_floats(count, 11), gpu_floats(count, 12)},
          {"not finite", bad, gpu_floats(count, 12)},
          {"zeros", zeros, zeros},
          {"ties", few, zeros},
          {"alike", alike, zeros},
          {"wide", gpu_floats(count, 13, true), zeros}};
}

/// Of the longest runs, which take long on an emulated GPU, one.
std::vector<std::size_t> numbers_of_entries(const std::string& name, const Runs& runs) {
  if (runs.count() > 20'000 && name != "ties") return {};
  if (runs.count() > 20'000) return {runs.count() / 3};
  return {1, (runs.count() + 9) / 10, runs.count()};
}

TEST_F(DeviceCompression, takes_the_elements_that_the_cpu_takes) {
  OnGpu<cuda::Selection> selection = send(std::vector<cuda::Selection>(1));
  for (const Runs& runs : all_runs(device_)) {
    if (runs.count() == 0) continue;
    const std::size_t origin = runs.ranges().front().begin / 2;
    const DeviceChunks chunks = device_chunks(device_, {&runs, 1});
    OnGpu<std::uint64_t> counts = send(std::vector<std::uint64_t>(chunks.most()));
    for (const auto& [name, gradients, before] : kinds_of_values(arena_elements(runs)))
      for (const std::size_t wanted : numbers_of_entries(name, runs)) {
        SCOPED_TRACE(name + ", " + std::to_string(wanted) + " of " + std::to_string(runs.count()));
        OnGpu<float> values = send(gradients, 1);
        OnGpu<float> residual = send(before);
        OnGpu<Entry> entries = send(std::vector<Entry>(wanted));

        cuda::take_largest(stream_,
                           {.chunks = chunks.of(0),
                            .origin = origin,
                            .gradients = values.span(),
                            .residual = residual.span(),
                            .counts = counts.span(),
                            .selection = selection.span()},
                           entries.span());

        std::vector<float> sums = gradients;
        std::vector<float> rest = before;
        bool keep = false;
        for_each_element(runs, [&](std::size_t at, std::size_t) {
          sums[at] += before[at];
          keep = keep || !std::isfinite(sums[at]);
        });
        const std::vector<Entry> expected = largest_on_cpu(sums, runs, origin, wanted);
        if (!keep) {
          for_each_element(runs, [&](std::size_t at, std::size_t) { rest[at] = sums[at]; });
          for (const Entry& entry : expected)
            rest[origin + entry.index] = 0;
        }
        expect_same_entries(entries.read(), expected);
        EXPECT_TRUE(same_bits(residual.read(), rest, "residual"));
      }
  }
}

TEST_F(DeviceCompression, adds_entries_in_the_order_of_ranks) {
  for (const std::size_t ranks : {1U, 2U, 5U, 130U}) {
    const Runs runs = odd_runs(3);
    const std::size_t origin = 2;
    const DeviceChunks chunks = device_chunks(device_, {&runs, 1});
    std::vector<std::size_t> places;
    for_each_element(runs, [&](std::size_t at, std::size_t) { places.push_back(at); });
    std::vector<float> expected(arena_elements(runs), 4.0F);
    OnGpu<float> gradients = send(expected, 1);
    for (const std::size_t at : places)
      expected[at] = 0;
    std::vector<Entry> entries;
    for (std::size_t r = 0; r < ranks; ++r) {
      const auto values = gpu_floats(places.size(), static_cast<unsigned>(100 + r), r == 1);
      for (std::size_t third = 0; third < places.size() / 3; ++third) {
        const std::size_t p = 3 * third + r % 3;
        entries.push_back({static_cast<std::uint32_t>(places[p] - origin), values[p]});
        expected[places[p]] += values[p];
      }
    }
    OnGpu<Entry> all = send(entries);

    cuda::add_entries(stream_, chunks.of(0), origin, all.span(), ranks, gradients.span());

    EXPECT_TRUE(same_bits(gradients.read(), expected)) << ranks << " ranks";
  }
}

}  // namespace
}  // namespace rondo::grad
