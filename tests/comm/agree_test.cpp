// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/agree.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

namespace rondo::comm {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What every one of four ranks threw when `local(rank)` ran.
void expect_agreed(const std::function<void(int)>& local, ExitCode code,
                   const testing::Matcher<std::string>& message) {
  run_ranks(4, [&](Communicator& comm) {
    try {
      agree_on_success(comm, [&] { local(comm.rank()); });
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const AgreedError& e) {
      EXPECT_EQ(e.code(), code);
      EXPECT_THAT(std::string(e.what()), message);
    }
    barrier(comm);
  });
}

TEST(AgreeOnSuccess, returns_when_no_rank_failed) {
  run_ranks(3, [](Communicator& comm) {
    int calls = 0;
    agree_on_success(comm, [&] { ++calls; });
    EXPECT_EQ(calls, 1);
  });
}

TEST(AgreeOnSuccess, every_rank_throws_the_error_of_the_one_that_failed) {
  const auto local = [](int rank) {
    if (rank == 2) throw IoError(ExitCode::missing_input, "no file 'a.h5'");
  };
  expect_agreed(local, ExitCode::missing_input, testing::Eq("no file 'a.h5' (rank 2 of 4)"));
}

TEST(AgreeOnSuccess, lowest_failing_rank_speaks) {
  const auto local = [](int rank) {
    if (rank == 1) throw ConfigError("one");
    if (rank == 3) throw IoError(ExitCode::io, "three");
  };
  expect_agreed(local, ExitCode::configuration, testing::Eq("one (rank 1 of 4)"));
}

TEST(AgreeOnSuccess, omits_the_rank_when_all_failed_alike) {
  const auto local = [](int) { throw IoError(ExitCode::bad_content, "labels out of range"); };
  expect_agreed(local, ExitCode::bad_content, testing::Eq("labels out of range"));
}

TEST(AgreeOnSuccess, names_the_rank_when_all_failed_differently) {
  const auto local = [](int rank) { throw ConfigError("rank-made " + std::to_string(rank)); };
  expect_agreed(local, ExitCode::configuration, testing::Eq("rank-made 0 (rank 0 of 4)"));
}

TEST(AgreeOnSuccess, foreign_exceptions_are_internal_errors) {
  const auto local = [](int rank) {
    if (rank == 0) throw std::runtime_error("");
  };
  expect_agreed(local, ExitCode::internal, testing::Eq(" (rank 0 of 4)"));
}

TEST(AgreeOnSuccess, leaves_the_message_alone_on_one_rank) {
  run_ranks(1, [](Communicator& comm) {
    try {
      agree_on_success(comm, [] { throw ConfigError("alone"); });
      ADD_FAILURE();
    } catch (const AgreedError& e) {
      EXPECT_STREQ(e.what(), "alone");
    }
  });
}

}  // namespace
}  // namespace rondo::comm
