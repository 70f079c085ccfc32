// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Ranks that load one checkpoint together, where not all is as it should be.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"
#include "train/hash_model.hpp"

namespace rondo::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int ranks = 3;
const HashCase what{.optimizer = "adamw"};

void on_ranks(const std::function<void(comm::Communicator&)>& body, int ranks_per_node = ranks) {
  comm::run_ranks(ranks, body, {.time_limit = std::chrono::seconds(60)}, ranks_per_node);
}

void flip_bit_at(const std::filesystem::path& file, double place) {
  std::string content = read_file(file);
  const auto byte = static_cast<std::size_t>(place * static_cast<double>(content.size()));
  content[byte] = static_cast<char>(content[byte] ^ 8);
  write_file(file, content);
}

/// Checkpoints after one and after two steps, and the hash of the state that each has.
class CollectiveLoad : public testing::Test {
 protected:
  CollectiveLoad() {
    on_ranks([&](comm::Communicator& comm) {
      train::Session session = make_hash_session(comm, what, zero1_);
      for (std::uint64_t step : {1U, 2U}) {
        run_hash_step(session, what.precision);
        train::save(comm, session, directory_.path(), step, {});
        const std::uint64_t hash = state_hash(comm, session, {});
        if (is_root(comm)) hashes_[step - 1] = hash;
      }
    });
  }
  std::filesystem::path state(int step) const {
    return directory_.path() / ("step-0000000" + std::to_string(step)) / "state.h5";
  }

  /// Loads, each rank from its own directory, and says the step; all ranks must have its state.
  std::uint64_t load(const std::function<std::filesystem::path(int rank)>& directory_of,
                     int ranks_per_node = ranks) const {
    std::uint64_t found = 0;
    on_ranks(
        [&](comm::Communicator& comm) {
          train::Session session = make_hash_session(comm, what, zero1_);
          const auto step = train::resume(comm, session, directory_of(comm.rank()), {});
          EXPECT_EQ(state_hash(comm, session, {}), hashes_.at(step.value() - 1));
          if (is_root(comm)) found = *step;
        },
        ranks_per_node);
    return found;
  }
  std::uint64_t load() const {
    return load([this](int) { return directory_.path(); });
  }

  const HashRun zero1_{.sharding = grad::Sharding::zero1, .bucket_bytes = 1};
  const TemporaryDirectory directory_;
  std::array<std::uint64_t, 2> hashes_{};
};

TEST_F(CollectiveLoad, brings_the_same_state_whether_ranks_share_memory_or_not) {
  for (const int ranks_per_node : {1, 2, 3})
    EXPECT_EQ(load([this](int) { return directory_.path(); }, ranks_per_node), 2U);
}

TEST_F(CollectiveLoad, is_done_by_rank_0_where_another_sees_nothing_or_something_else) {
  const TemporaryDirectory other;
  std::filesystem::copy(directory_.path() / "step-00000001", other.path() / "step-00000001",
                        std::filesystem::copy_options::recursive);
  std::filesystem::create_directory(other.path() / "step-00000002");
  for (const int ranks_per_node : {1, 3}) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(load([&](int rank) { return rank == 1 ? other.path() : directory_.path(); },
                   ranks_per_node),
              2U);
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr("rank 1 does not see " + (directory_.path() / "step-00000002").string()));
  }
}

TEST_F(CollectiveLoad, goes_back_to_the_checkpoint_before_wherever_the_newest_is_damaged) {
  for (const double place : {0.02, 0.35, 0.6, 0.98}) {
    flip_bit_at(state(2), place);
    testing::internal::CaptureStderr();

    EXPECT_EQ(load(), 1U) << place;

    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                AllOf(HasSubstr("skipped checkpoint"), HasSubstr("has hash")));
    flip_bit_at(state(2), place);
  }
  EXPECT_EQ(load(), 2U);
}

TEST_F(CollectiveLoad, of_nothing_valid_leaves_the_session_as_it_is) {
  flip_bit_at(state(1), 0.64);  // where some of it has been taken already
  flip_bit_at(state(2), 0.97);
  for (const bool in_use : {false, true})
    on_ranks([&](comm::Communicator& comm) {
      train::Session session = make_hash_session(comm, what, zero1_);
      std::ranges::fill(session.arena().values(), 0.25F);
      const train::StepResult last =
          in_use ? run_hash_step(session, what.precision) : train::StepResult{};
      const std::uint64_t before = state_hash(comm, session, last);

      try {
        train::resume(comm, session, directory_.path(), {});
        ADD_FAILURE() << "no error on rank " << comm.rank();
      } catch (const AgreedError& e) {
        EXPECT_EQ(e.code(), ExitCode::bad_content);
        EXPECT_THAT(e.what(), AllOf(HasSubstr("no checkpoint in"), HasSubstr("step-00000001"),
                                    HasSubstr("step-00000002")));
      }

      EXPECT_EQ(state_hash(comm, session, last), before);
    });
}

TEST_F(CollectiveLoad, leaves_a_new_sessions_gradients_zero) {
  on_ranks([&](comm::Communicator& comm) {
    train::Session session = make_hash_session(comm, what, zero1_);
    std::ranges::fill(session.arena().values(), 0.25F);

    train::resume(comm, session, directory_.path(), {});

    EXPECT_THAT(session.arena().grads(), testing::Each(0.0F));
  });
}

TEST_F(CollectiveLoad, brings_a_session_in_use_the_same_state) {
  on_ranks([&](comm::Communicator& comm) {
    train::Session session = make_hash_session(comm, what, zero1_);
    for (int step = 0; step < 3; ++step)
      run_hash_step(session, what.precision);

    EXPECT_EQ(train::resume(comm, session, directory_.path(), {}), 2U);

    EXPECT_EQ(state_hash(comm, session, {}), hashes_[1]);
  });
}

TEST_F(CollectiveLoad, of_a_checkpoint_that_only_other_ranks_see_finds_none) {
  const TemporaryDirectory empty;
  on_ranks([&](comm::Communicator& comm) {
    train::Session session = make_hash_session(comm, what, zero1_);
    EXPECT_EQ(train::resume(comm, session, is_root(comm) ? empty.path() : directory_.path(), {}),
              std::nullopt);
  });
}

}  // namespace
}  // namespace rondo::test
