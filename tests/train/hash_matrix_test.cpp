// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

#include "support/temporary_directory.hpp"
#include "train/hash_model.hpp"

namespace rondo::test {
namespace {

constexpr int steps = 3;

std::uint64_t hash_on(int ranks, const HashCase& what, const HashRun& run, int count = steps,
                      const std::filesystem::path& checkpoints = {}) {
  std::uint64_t hash = 0;
  comm::run_ranks(
      ranks,
      [&](comm::Communicator& comm) {
        const std::uint64_t mine = run_hash_case(comm, what, run, count, checkpoints);
        if (is_root(comm)) hash = mine;
      },
      {.time_limit = std::chrono::seconds(60)}, 2);
  return hash;
}

class HashMatrix : public testing::TestWithParam<std::tuple<Precision, std::string_view>> {
 protected:
  HashCase what() const {
    return {.precision = std::get<0>(GetParam()),
            .optimizer = std::string(std::get<1>(GetParam()))};
  }
};

TEST_P(HashMatrix, is_one_hash_on_any_ranks_sharding_and_buckets) {
  const std::uint64_t expected = hash_on(1, what(), {});

  const HashRun runs[] = {{.sharding = grad::Sharding::none, .bucket_bytes = 1UL << 22},
                          {.sharding = grad::Sharding::none, .bucket_bytes = 1},
                          {.sharding = grad::Sharding::zero1, .bucket_bytes = 1},
                          {.sharding = grad::Sharding::zero2, .bucket_bytes = 40'000}};
  for (const int ranks : {1, 2, 3, 4, 6, 8}) {
    for (const HashRun& run : runs)
      EXPECT_EQ(hash_on(ranks, what(), run), expected) << describe(what(), run, ranks);
  }
}

TEST_P(HashMatrix, survives_stops_and_resumptions_on_other_ranks_and_shardings) {
  const std::uint64_t expected = hash_on(2, what(), {}, 8);

  TemporaryDirectory directory;
  hash_on(4, what(), {.sharding = grad::Sharding::zero2, .bucket_bytes = 1}, 2, directory.path());
  hash_on(3, what(), {.sharding = grad::Sharding::none}, 3, directory.path());
  hash_on(1, what(), {.sharding = grad::Sharding::zero1}, 1, directory.path());
  EXPECT_EQ(hash_on(2, what(), {.sharding = grad::Sharding::zero1}, 2, directory.path()), expected);
}

// If this fails, the tests above cannot tell one order of addition from another.
TEST_P(HashMatrix, differs_when_ranks_add_in_their_own_order) {
  const HashRun fast{.reduction = grad::Reduction::fast};

  EXPECT_NE(hash_on(3, what(), fast), hash_on(1, what(), {}));
}

INSTANTIATE_TEST_SUITE_P(All, HashMatrix,
                         testing::Combine(testing::ValuesIn(precisions),
                                          testing::ValuesIn(optimizers)),
                         [](const auto& instance) {
                           return fmt::format("{}_{}", name_of(std::get<0>(instance.param)),
                                              std::get<1>(instance.param));
                         });

}  // namespace
}  // namespace rondo::test
