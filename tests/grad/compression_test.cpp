// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/compression.hpp"

#include <functional>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/grad/gradient_sum.hpp"

#include "grad/compression_checks.hpp"

namespace rondo::grad {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CompressionOnRanks : public testing::TestWithParam<int> {};

TEST_P(CompressionOnRanks, keeps_the_books_and_the_bits) {
  comm::run_ranks(GetParam(), test::check_everything);
}

INSTANTIATE_TEST_SUITE_P(Ranks, CompressionOnRanks, testing::Values(1, 2, 3, 4));

TEST(Compression, works_on_ranks_that_share_memory) {
  comm::run_ranks(3, test::check_everything, {.time_limit = std::chrono::seconds(30)}, 3);
}

/// The largest |result - exact sum| of a first step, by element of one parameter of `count`.
double worst_error(int ranks, std::string_view name, const CompressionOptions& options,
                   std::size_t count) {
  double worst = 0;
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    const test::Layout layout({{"w", {count}}});
    const auto compressor = make_compressor(name, options, layout.parameters);
    const auto result = test::step(comm, *compressor, layout, 0);
    if (!comm::is_root(comm)) return;
    std::vector<double> exact(count);
    for (int rank = 0; rank < ranks; ++rank)
      std::ranges::transform(exact, test::gradient_of(layout, rank, 0), exact.begin(),
                             std::plus<>());
    for (std::size_t i = 0; i < count; ++i)
      worst = std::max(worst, std::abs(result[i] - exact[i]));
  });
  return worst;
}

TEST(Compression, errs_within_each_methods_bound) {
  // Gradients of test::gradient_of are at most 0.135; each rank's rounding, and that of the sum.
  const double largest = 0.135;
  for (const std::size_t count : {1U, 2U, 13U, 997U, 4099U}) {
    EXPECT_LE(worst_error(3, "none", {}, count), 3 * largest * 0x1p-23) << count;
    EXPECT_LE(worst_error(3, "bf16", {}, count), 6 * largest * 0x1p-9) << count;
    EXPECT_LE(worst_error(3, "f16", {}, count), 6 * largest * 0x1p-12) << count;
    EXPECT_LE(worst_error(3, "int8", {.block = 100}, count), 6 * largest / 253) << count;
    EXPECT_LE(worst_error(3, "topk", {.fraction = 1}, count), 3 * largest * 0x1p-23) << count;
  }
}

TEST(Compression, sends_only_the_largest) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const test::Layout layout({{"w", {10}}});
    const auto compressor =
        make_compressor("topk", {.fraction = 0.2, .warmup_steps = 0}, layout.parameters);
    std::vector<float> gradients(layout.elements);
    std::iota(gradients.begin(), gradients.begin() + 10, comm.rank() == 0 ? 1.0F : -4.0F);

    compressor->reduce(comm, gradients, {0, layout.elements});

    // Rank 0 has 1 to 10, rank 1 has -4 to 5.
    const std::vector<float> expected{-4, 0, 0, 0, 0, 0, 0, 0, 9, 10 + 5};
    EXPECT_EQ(std::vector(gradients.begin(), gradients.begin() + 10), expected);
  });
}

/// How many of 1000 elements are not zero after each of five steps.
std::vector<std::size_t> sent_elements(const CompressionOptions& options) {
  std::vector<std::size_t> sent;
  comm::run_ranks(1, [&](comm::Communicator& comm) {
    const test::Layout layout({{"w", {1000}}});
    const auto compressor = make_compressor("topk", options, layout.parameters);
    for (std::uint64_t number = 0; number < 5; ++number) {
      const auto result = test::step(comm, *compressor, layout, number);
      sent.push_back(static_cast<std::size_t>(
          std::ranges::count_if(result, [](float value) { return value != 0; }) - 1));
    }
  });
  return sent;
}

TEST(Compression, sends_fewer_and_fewer_of_the_largest_during_the_warm_up) {
  const std::vector<std::size_t> sent = sent_elements({.fraction = 0.01, .warmup_steps = 4});

  // Three ranges of a third each round up.
  EXPECT_EQ(sent[0], 1000U);
  EXPECT_NEAR(static_cast<double>(sent[1]), 316, 3);
  EXPECT_NEAR(static_cast<double>(sent[2]), 100, 3);
  EXPECT_NEAR(static_cast<double>(sent[3]), 32, 3);
  EXPECT_NEAR(static_cast<double>(sent[4]), 10, 3);
}

TEST(Compression, sums_what_is_no_weight_exactly_beside_the_largest) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const test::Layout layout({{"w", {100}}, {"b", {40}, ParameterRole::bias}});
    const auto compressor =
        make_compressor("topk", {.fraction = 0.01, .warmup_steps = 0}, layout.parameters);

    const auto result = test::step(comm, *compressor, layout, 0);

    const std::size_t begin = layout.parameters[1].begin;
    const auto first = test::gradient_of(layout, 0, 0);
    const auto second = test::gradient_of(layout, 1, 0);
    for (std::size_t i = begin; i < begin + 40; ++i)
      EXPECT_EQ(result[i], first[i] + second[i]);
  });
}

TEST(Compression, restores_a_matrix_of_low_rank) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    const test::Layout layout({{"w", {40, 30}}});
    const auto compressor = make_compressor("powersgd", {.rank = 2}, layout.parameters);
    std::vector<float> gradients(layout.elements);
    const float share = static_cast<float>(comm.rank() + 1);
    const auto value = [](std::size_t i) {
      const std::size_t row_index = i / 30;
      const auto row = static_cast<float>(row_index);
      const auto column = static_cast<float>(i % 30);
      return std::sin(row) * column + row * std::cos(column);
    };
    for (std::size_t i = 0; i < 1200; ++i)
      gradients[i] = share * value(i);

    compressor->reduce(comm, gradients, {0, layout.elements});

    for (std::size_t i = 0; i < 1200; ++i)
      EXPECT_NEAR(gradients[i], 6 * value(i), 0.02) << i;
  });
}

TEST(Compression, gives_powersgd_the_same_bits_with_any_ranges) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const auto layout = test::mixed_layout();
    const auto whole = make_compressor("powersgd", {}, layout.parameters);
    const auto parts = make_compressor("powersgd", {}, layout.parameters);
    for (std::uint64_t number = 0; number < 3; ++number) {
      auto expected = test::gradient_of(layout, comm.rank(), number);

      whole->reduce(comm, expected, {0, layout.elements});

      EXPECT_EQ(test::step(comm, *parts, layout, number), expected);
    }
  });
}

/// |w - optimum| after descending 0.5 |A (w - optimum)|^2, whose rows are spread over the ranks.
double distance_after_descent(std::string_view name) {
  constexpr std::size_t rows = 24;
  constexpr std::size_t columns = 20;
  double distance = 0;
  comm::run_ranks(3, [&](comm::Communicator& comm) {
    const test::Layout layout({{"w", {rows, columns}}});
    const auto compressor =
        make_compressor(name, {.block = 64, .fraction = 0.1, .rank = 2}, layout.parameters);
    std::vector<float> error(rows * columns);  // w - optimum
    const Philox random(5, RandomPurpose::initialize);
    for (std::size_t i = 0; i < error.size(); ++i)
      error[i] = Philox::uniform(random.block(i)[0]) - 0.5F;

    std::vector<float> gradients(layout.elements);
    for (int iteration = 0; iteration < 800; ++iteration) {
      for (std::size_t i = 0; i < error.size(); ++i) {
        // Curvature between 1 and 3, of which each rank holds another share.
        const auto share = static_cast<float>((i + static_cast<std::size_t>(comm.rank())) % 3);
        gradients[i] = (share + static_cast<float>(i % 2)) / 2 * error[i];
      }
      compressor->reduce(comm, gradients, {0, layout.elements});
      for (std::size_t i = 0; i < error.size(); ++i)
        error[i] -= 0.02F * gradients[i];
    }
    if (!comm::is_root(comm)) return;
    for (const float value : error)
      distance += static_cast<double>(value) * value;
  });
  return std::sqrt(distance);
}

TEST(Compression, reaches_the_optimum_with_every_method) {
  for (const auto name : compression_names())
    EXPECT_LT(distance_after_descent(name), 1e-3) << name << "; 6.3 at the start";
}

TEST(Compression, takes_the_residual_along_when_the_loss_scale_changes) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    const auto layout = test::mixed_layout();
    for (const auto name : compression_names()) {
      const auto compressor = make_compressor(name, {}, layout.parameters);
      test::step(comm, *compressor, layout, 0);
      const auto before = test::residual_sum(comm, *compressor, layout);

      compressor->rescale(0.5F);

      const auto after = test::residual_sum(comm, *compressor, layout);
      for (std::size_t i = 0; i < before.size(); ++i)
        EXPECT_EQ(after[i], before[i] / 2);
    }
  });
}

std::string message_of(std::string_view name, const CompressionOptions& options) {
  try {
    make_compressor(name, options, {});
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Compression, names_a_bad_option_with_its_range) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message_of("zip", {}), AllOf(HasSubstr("'zip'"), HasSubstr("powersgd")));
  EXPECT_THAT(message_of("int8", {.block = 0}), AllOf(HasSubstr("is 0"), HasSubstr("1 to 65536")));
  EXPECT_THAT(message_of("int8", {.block = 65537}), HasSubstr("65537"));
  EXPECT_THAT(message_of("topk", {.fraction = 0}),
              AllOf(HasSubstr("is 0"), HasSubstr("at most 1")));
  EXPECT_THAT(message_of("topk", {.fraction = 1.5}), HasSubstr("1.5"));
  EXPECT_THAT(message_of("topk", {.fraction = nan}), HasSubstr("nan"));
  EXPECT_THAT(message_of("powersgd", {.rank = 0}), AllOf(HasSubstr("is 0"), HasSubstr("1 to 256")));
}

TEST(Compression, does_not_go_with_fixed_or_sharded) {
  EXPECT_NO_THROW(check_compression("none", Reduction::fixed, Sharding::zero2));
  EXPECT_NO_THROW(check_compression("int8", Reduction::fast, Sharding::none));
  EXPECT_THROW(check_compression("int8", Reduction::fixed, Sharding::none), ConfigError);
  EXPECT_THROW(check_compression("topk", Reduction::fast, Sharding::zero1), ConfigError);
}

TEST(Compression, sums_the_buckets_of_an_arena) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    const Layout layout({{"a", {100, 90}}, {"b", {90}}, {"c", {70, 90}}},
                        {.bucket_bytes = 16384, .ranks = comm.size()});
    for (const auto name : compression_names()) {
      const auto compressor = make_compressor(name, {.fraction = 1}, placed_parameters(layout));
      std::vector<float> gradients(layout.elements());
      for (std::size_t i = 0; i < layout.specs().size(); ++i) {
        const auto range = layout.parameter(i);
        std::fill_n(gradients.begin() + static_cast<std::ptrdiff_t>(range.begin), range.size(),
                    static_cast<float>(i + 1));
      }
      gradients[layout.trailer()] = 0.1F;

      std::vector<std::unique_ptr<PendingSum>> sums;
      for (const auto& bucket : layout.buckets())
        sums.push_back(compressor->start(comm, gradients, bucket));
      for (auto& sum : sums)
        sum->finish();

      EXPECT_GT(sums.size(), 2U);
      for (std::size_t i = 0; i < layout.specs().size(); ++i)
        for (std::size_t at = layout.parameter(i).begin; at < layout.parameter(i).end; ++at)
          ASSERT_NEAR(gradients[at], 3 * static_cast<float>(i + 1), 0.05) << name << " " << i;
      EXPECT_EQ(gradients[layout.trailer()], 0.1F + 0.1F + 0.1F) << name;
    }
  });
}

TEST(Compression, needs_no_parameters) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    for (const auto name : compression_names()) {
      const auto compressor = make_compressor(name, {}, {});
      std::vector<float> gradients(16, 1.0F);

      compressor->reduce(comm, gradients, {0, 16});
      compressor->reduce(comm, gradients, {5, 5});

      EXPECT_EQ(gradients, std::vector<float>(16, 2.0F)) << name;
    }
  });
}

}  // namespace
}  // namespace rondo::grad
