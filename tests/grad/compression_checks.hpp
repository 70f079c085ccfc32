// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/compression.hpp"

/// What holds for every compressor, whatever joins the ranks: collective checks for tests.
namespace rondo::grad::test {

/// An arena of a few parameters, each on a cache line, and one trailer at the end.
struct Layout {
  std::vector<PlacedParameter> parameters;
  std::size_t elements = 0;

  explicit Layout(std::vector<ParameterSpec> specs) {
    for (auto& spec : specs) {
      const std::size_t begin = elements;
      elements += round_up(element_count(spec.shape), 16);
      parameters.push_back({std::move(spec), begin});
    }
    elements += 16;
  }
  std::size_t trailer() const { return elements - 16; }
};

/// Matrices, sizes that are primes, a statistic and a single element.
inline Layout mixed_layout() {
  return Layout({{"dense", {64, 48}, ParameterRole::weight},
                 {"bias", {67}, ParameterRole::bias},
                 {"running", {21}, ParameterRole::statistic},
                 {"convolution", {31, 3, 5, 3}, ParameterRole::weight},
                 {"one", {1}, ParameterRole::weight}});
}

/// Small enough to leave work to the residuals of the few elements.
inline CompressionOptions small_options() {
  return {.block = 24, .fraction = 0.05, .warmup_steps = 4, .rank = 3, .seed = 7};
}

/// The gradient of `rank` in `step`, zero where no parameter lies; the trailer counts.
inline std::vector<float> gradient_of(const Layout& layout, int rank, std::uint64_t step) {
  std::vector<float> gradient(layout.elements);
  const Philox random(step + 1, RandomPurpose::initialize, static_cast<std::uint32_t>(rank));
  for (const auto& [spec, begin] : layout.parameters) {
    for (std::size_t i = begin; i < begin + element_count(spec.shape); ++i) {
      const float uniform = Philox::uniform(random.block(i)[0]) - 0.5F;
      gradient[i] = uniform * uniform * uniform + 0.01F;  // few large, many small
    }
  }
  gradient[layout.trailer()] = static_cast<float>(rank + 1);
  return gradient;
}

/// Sums over the ranks in three ranges, which are all under way together.
inline void reduce_in_ranges(comm::Communicator& comm, Compressor& compressor,
                             std::span<float> gradients) {
  const std::size_t third = gradients.size() / 48 * 16;
  const std::vector<ElementRange> ranges{
      {0, third}, {third, third}, {third, 2 * third}, {2 * third, gradients.size()}};
  std::vector<std::unique_ptr<PendingSum>> sums;
  for (const auto& range : ranges)
    sums.push_back(compressor.start(comm, gradients, range));
  for (auto& sum : sums)
    sum->advance();
  for (auto& sum : sums)
    sum->finish();
}

/// One step; the result has the same bits on all ranks.
inline std::vector<float> step(comm::Communicator& comm, Compressor& compressor,
                               const Layout& layout, std::uint64_t number) {
  auto gradients = gradient_of(layout, comm.rank(), number);
  reduce_in_ranges(comm, compressor, gradients);
  auto first = gradients;
  comm::broadcast(comm, std::span(first), 0);
  EXPECT_EQ(std::memcmp(first.data(), gradients.data(), first.size() * sizeof(float)), 0)
      << "rank " << comm.rank() << " differs from rank 0";
  return gradients;
}

/// The residuals of all ranks, summed, at their places in the arena.
inline std::vector<double> residual_sum(comm::Communicator& comm, Compressor& compressor,
                                        const Layout& layout) {
  std::vector<double> sum(layout.elements);
  for (const auto& tensor : compressor.state()) {
    if (tensor.kind != StateKind::per_rank) continue;
    for (const auto& [spec, begin] : layout.parameters) {
      if (tensor.name == "residual/" + spec.name)
        std::ranges::copy(tensor.values, sum.begin() + static_cast<std::ptrdiff_t>(begin));
    }
  }
  comm::allreduce(comm, std::span(sum), comm::ReduceOp::sum);
  return sum;
}

/// Sum of results = sum of gradients - residuals, after every step.
inline void check_books(comm::Communicator& comm, std::string_view name) {
  const Layout layout = mixed_layout();
  const auto compressor = make_compressor(name, small_options(), layout.parameters);
  std::vector<double> results(layout.elements);
  std::vector<double> gradients(layout.elements);

  for (std::uint64_t number = 0; number < 12; ++number) {
    const auto result = step(comm, *compressor, layout, number);
    for (std::size_t i = 0; i < layout.elements; ++i)
      results[i] += result[i];
    for (int rank = 0; rank < comm.size(); ++rank) {
      const auto theirs = gradient_of(layout, rank, number);
      for (std::size_t i = 0; i < layout.elements; ++i)
        gradients[i] += theirs[i];
    }
  }

  const auto residuals = residual_sum(comm, *compressor, layout);
  double worst = 0;
  for (std::size_t i = 0; i < layout.elements; ++i)
    worst = std::max(worst, std::abs(results[i] + residuals[i] - gradients[i]));
  EXPECT_LT(worst, 1e-5) << name << " on " << comm.size() << " ranks";
}

/// Statistics and trailers come out as an allreduce would give them.
inline void check_exact_parts(comm::Communicator& comm, std::string_view name) {
  const Layout layout = mixed_layout();
  const auto compressor = make_compressor(name, small_options(), layout.parameters);

  const auto result = step(comm, *compressor, layout, 3);

  auto plain = gradient_of(layout, comm.rank(), 3);
  comm::allreduce(comm, std::span(plain), comm::ReduceOp::sum);
  const auto& [spec, begin] = layout.parameters[2];
  ASSERT_EQ(spec.role, ParameterRole::statistic);
  for (std::size_t i = begin; i < begin + element_count(spec.shape); ++i)
    EXPECT_NEAR(result[i], plain[i], 1e-6) << name << " at " << i;
  EXPECT_EQ(result[layout.trailer()], static_cast<float>(comm.size() * (comm.size() + 1) / 2));
}

/// `bad` on the last rank, in `count` elements from `place` on: all ranks see it, and the next step
/// is sound again.
inline void check_non_finite(comm::Communicator& comm, std::string_view name, float bad,
                             std::size_t place, std::size_t count) {
  const Layout layout = mixed_layout();
  const auto compressor = make_compressor(name, small_options(), layout.parameters);
  const auto is_finite = [](float value) { return std::isfinite(value); };
  step(comm, *compressor, layout, 0);

  auto gradients = gradient_of(layout, comm.rank(), 1);
  if (comm.rank() == comm.size() - 1)
    std::ranges::fill(std::span(gradients).subspan(place, count), bad);
  reduce_in_ranges(comm, *compressor, gradients);

  EXPECT_FALSE(std::ranges::all_of(gradients, is_finite))
      << name << " swallowed " << bad << " at " << place << " on " << comm.size() << " ranks";
  for (const auto& tensor : compressor->state())
    EXPECT_TRUE(std::ranges::all_of(tensor.values, is_finite)) << name << " " << tensor.name;
  const auto next = step(comm, *compressor, layout, 2);
  EXPECT_TRUE(std::ranges::all_of(next, is_finite)) << name << " does not recover";
}

inline void check_everything(comm::Communicator& comm) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto name : compression_names()) {
    check_books(comm, name);
    check_exact_parts(comm, name);
    for (const float bad : {nan, -infinity}) {
      check_non_finite(comm, name, bad, 0, 1);
      check_non_finite(comm, name, bad, 1000, 300);  // more than topk sends
      check_non_finite(comm, name, bad, 3072 + 66, 1);
    }
  }
}

}  // namespace rondo::grad::test
