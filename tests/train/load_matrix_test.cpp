// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Saved on any ranks with any sharding, a checkpoint is the same bytes, and loads on any others.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/checkpoint/inspect.hpp"
#include "rondo/comm/inproc.hpp"

#include "support/fewer_cases.hpp"
#include "support/temporary_directory.hpp"
#include "train/hash_model.hpp"

namespace rondo::test {
namespace {

constexpr int steps = 2;  ///< before the save, and after the load

/// How many ranks hold the state, and how.
struct Holders {
  int ranks = 1;
  grad::Sharding sharding = grad::Sharding::none;

  std::string name() const { return fmt::format("{}-{}", ranks, name_of(sharding)); }
};

std::vector<Holders> all_holders() {
  std::vector<Holders> all;
  for (const int ranks : {1, 2, 3, 4})
    for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero1, grad::Sharding::zero2})
      all.push_back({ranks, sharding});
  return all;
}

struct Transfer {
  Holders saving, loading;
};

/// From any holders to any others.
std::vector<Transfer> all_transfers() {
  std::vector<Transfer> all;
  for (const Holders& saving : all_holders())
    for (const Holders& loading : all_holders())
      all.push_back({saving, loading});
  return fewer_if_sanitized(
      all, Keep::pairs, [](const Transfer& t) { return t.saving.ranks; },
      [](const Transfer& t) { return t.saving.sharding; },
      [](const Transfer& t) { return t.loading.ranks; },
      [](const Transfer& t) { return t.loading.sharding; });
}

/// A few blocks, so that the matrix takes seconds.
std::vector<ParameterSpec> specs() {
  return {{"first", {50, 31}},
          {"average", {31}, ParameterRole::statistic},
          {"second", {31, 90}},
          {"second.bias", {90}, ParameterRole::bias}};
}

/// Where a run's state comes from, and where it goes; nowhere, if empty.
struct Ends {
  std::filesystem::path load_from = {};
  std::filesystem::path save_to = {};
  train::SaveWriters writers = train::SaveWriters::automatic;
};

/// The hash after so many more steps. Shards are cut elsewhere with every number of ranks, and
/// the smallest buckets cut them inside of tensors.
std::uint64_t run(const Holders& holders, const HashCase& what, int more_steps, const Ends& ends) {
  std::uint64_t hash = 0;
  const auto body = [&](comm::Communicator& comm) {
    train::Session session =
        make_hash_session(comm, what, {.sharding = holders.sharding, .bucket_bytes = 1}, specs());
    if (!ends.load_from.empty()) {
      std::ranges::fill(session.arena().values(), static_cast<float>(comm.rank() + 7));
      EXPECT_EQ(train::resume(comm, session, ends.load_from, {}), std::uint64_t{steps});
    }
    train::StepResult last;
    for (int s = 0; s < more_steps; ++s) {
      last = run_hash_step(session, what.precision);
      EXPECT_TRUE(last.applied);
    }
    if (!ends.save_to.empty())
      train::save(comm, session, ends.save_to, steps, {}, {}, {.writers = ends.writers});
    const std::uint64_t mine = state_hash(comm, session, last);
    if (is_root(comm)) hash = mine;
  };
  comm::run_ranks(holders.ranks, body, {.time_limit = std::chrono::seconds(60)}, 2);
  return hash;
}

/// Everything of a checkpoint that must not depend on who saved it.
struct Saved {
  std::uint64_t step = 0;
  checkpoint::Metadata metadata;
  std::vector<std::string> names;
  std::vector<Shape> shapes;
  std::vector<std::vector<float>> values;

  friend bool operator==(const Saved&, const Saved&) = default;
};

Saved saved_in(const std::filesystem::path& checkpoints) {
  const checkpoint::Reader reader(checkpoint::list_committed(checkpoints).at(0).directory);
  const checkpoint::Contents& contents = reader.contents();
  Saved saved;
  saved.step = contents.step;
  saved.metadata = contents.metadata;
  saved.metadata.erase("ranks");
  for (const checkpoint::TensorEntry& tensor : contents.tensors) {
    const AlignedBuffer<float> values = reader.read(tensor);
    saved.names.push_back(tensor.name);
    saved.shapes.push_back(tensor.shape);
    saved.values.emplace_back(values.span().begin(), values.span().end());
  }
  return saved;
}

/// A case of the matrix: its tensors hold slots and running averages; in f16 the loss scale grows
/// in the third step, so that a lost count of clean steps changes bits.
class LoadMatrix : public testing::TestWithParam<HashCase> {
 protected:
  static HashCase what() {
    HashCase what = GetParam();
    what.loss_scale.initial = 256;
    what.loss_scale.growth_interval = steps + 1;
    return what;
  }
  std::filesystem::path saved_by(const Holders& holders) const {
    return directory_.path() / holders.name();
  }

  const TemporaryDirectory directory_;
};

TEST_P(LoadMatrix, what_any_ranks_saved_any_others_load_and_go_on_with_to_the_same_bits) {
  const std::uint64_t undisturbed = run({}, what(), 2 * steps, {});
  for (const Holders& saving : all_holders())
    run(saving, what(), steps, {.save_to = saved_by(saving)});

  for (const auto& [saving, loading] : all_transfers())
    EXPECT_EQ(run(loading, what(), steps, {.load_from = saved_by(saving)}), undisturbed)
        << "saved by " << saving.name() << ", loaded by " << loading.name();
}

TEST_P(LoadMatrix, any_ranks_save_the_same_bytes) {
  run({}, what(), steps, {.save_to = saved_by({})});
  const Saved expected = saved_in(saved_by({}));
  const std::size_t slots = what().optimizer == "sgd" ? 1 : 2;
  EXPECT_EQ(expected.names.size(), specs().size() * (1 + slots) - slots)
      << "running averages have no slots";

  for (const Holders& saving : all_holders())
    for (const auto writers : {train::SaveWriters::one, train::SaveWriters::all}) {
      run(saving, what(), steps, {.save_to = saved_by(saving), .writers = writers});
      EXPECT_TRUE(saved_in(saved_by(saving)) == expected)
          << "saved by " << saving.name() << ", writers " << name_of(writers);
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, LoadMatrix,
                         testing::Values(HashCase{.precision = Precision::f16,
                                                  .optimizer = "adamw"},
                                         HashCase{.precision = Precision::f32, .optimizer = "sgd"}),
                         [](const auto& one) {
                           return fmt::format("{}_{}", name_of(one.param.precision),
                                              one.param.optimizer);
                         });

}  // namespace
}  // namespace rondo::test
