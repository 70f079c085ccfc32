// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints that all ranks write, each what it holds.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/inspect.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/train/session_saver.hpp"

#include "support/file_system_type.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::train {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr int ranks = 3;

/// Tensors of several blocks of a state file, and small ones.
std::vector<ParameterSpec> large_specs() {
  return {{"embedding", {700, 500}},
          {"bias", {500}, ParameterRole::bias},
          {"mean", {500}, ParameterRole::statistic},
          {"head", {300, 100}}};
}

void run_large_step(Session& session) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, 1);
    for (std::size_t p = session.parameters().size(); p-- > 0;) {
      float next = static_cast<float>(lane + p);
      for (float& g : session.parameters()[p].grad)
        g += 0.001F * (next += 0.37F);
      session.ready(p);
    }
    session.end_lane(1, 1);
  }
  session.step(0.01F);
}

struct Case {
  std::string optimizer;
  Session::Options options;
};

/// Sessions on in-process ranks, two of which share a node.
class SeveralWriters : public testing::Test {
 protected:
  /// Two steps, saved by each of the given writers in turn, in the background and not.
  void save_in_turn(const Case& what) const {
    on_ranks([&](comm::Communicator& comm) {
      Session session(comm, large_specs(), optim::make_optimizer(what.optimizer, {}), what.options);
      for (int step = 0; step < 2; ++step)
        run_large_step(session);
      for (const auto writers : {SaveWriters::one, SaveWriters::all})
        for (const bool in_background : {false, true}) {
          SessionSaver saver(comm, {.directory = saved_by(writers, in_background),
                                    .writers = writers,
                                    .in_background = in_background});
          saver.save(session, 2, {});
          saver.finish();
        }
    });
  }

  template <class Body>
  static void on_ranks(Body body, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    comm::run_ranks(ranks, body, {.time_limit = limit}, 2);
  }
  static Session make_session(comm::Communicator& comm,
                              grad::Sharding sharding = grad::Sharding::zero1) {
    return {comm,
            large_specs(),
            optim::make_optimizer("adamw", {}),
            {.lanes = ranks, .sharding = sharding}};
  }

  fs::path saved_by(SaveWriters writers, bool in_background) const {
    return directory_.path() / fmt::format("{}-{}", name_of(writers), in_background);
  }

  const test::TemporaryDirectory directory_;
};

TEST_F(SeveralWriters, write_the_bytes_that_one_writes) {
  const std::vector<Case> cases = {
      {"adamw", {.lanes = ranks}},
      {"adamw", {.lanes = ranks, .bucket_bytes = 50'000, .sharding = grad::Sharding::zero1}},
      {"sgd", {.lanes = ranks, .bucket_bytes = 1, .sharding = grad::Sharding::zero2}},
      {"adafactor", {.lanes = ranks}},
      {"sgd", {.lanes = ranks, .compression = "topk"}},
      {"sgd", {.lanes = ranks, .compression = "powersgd"}}};
  for (const Case& what : cases) {
    SCOPED_TRACE(fmt::format("{} {} {}", what.optimizer, name_of(what.options.sharding),
                             what.options.compression));
    save_in_turn(what);

    const fs::path expected = saved_by(SaveWriters::one, false) / "step-00000002";
    ASSERT_GT(fs::file_size(expected / "state.h5"), 4 * 380'000U);
    for (const auto writers : {SaveWriters::one, SaveWriters::all})
      for (const bool in_background : {false, true})
        for (const char* file : {"state.h5", "manifest.json"})
          EXPECT_TRUE(test::read_file(saved_by(writers, in_background) / "step-00000002" / file) ==
                      test::read_file(expected / file))
              << file << ", writers " << name_of(writers) << ", in background " << in_background;
  }
}

TEST_F(SeveralWriters, keep_nothing_of_what_others_hold) {
  on_ranks([&](comm::Communicator& comm) {
    Session session = make_session(comm);
    SessionSaver saver(comm, {.directory = directory_.path()});
    saver.save(session, 1, {});
    saver.finish();
    EXPECT_GT(saver.resident_copy(), 0U);
    EXPECT_LT(saver.resident_copy(), 3 * 4 * 381'000 / 2) << "values and two slots";
  });
}

TEST_F(SeveralWriters, are_refused_before_the_training_where_a_rank_does_not_see_the_directory) {
  on_ranks([&](comm::Communicator& comm) {
    Session session = make_session(comm);
    const fs::path own = directory_.path() / (comm.rank() == 2 ? "elsewhere" : "here");
    for (const auto policy : {SaveFailure::stop, SaveFailure::keep_going}) {
      SessionSaver saver(comm,
                         {.directory = own, .writers = SaveWriters::all, .on_failure = policy});
      try {
        saver.prepare(session);
        ADD_FAILURE() << "would train";
      } catch (const AgreedError& e) {
        EXPECT_EQ(e.code(), ExitCode::configuration);
        EXPECT_THAT(e.what(), AllOf(HasSubstr("rank 2 does not see rank 0's"), HasSubstr("here"),
                                    HasSubstr("--save-writers one")));
      }
    }
  });
}

TEST_F(SeveralWriters, leave_it_to_rank_0_where_a_rank_does_not_see_the_directory) {
  testing::internal::CaptureStderr();
  on_ranks([&](comm::Communicator& comm) {
    Session session = make_session(comm);
    SessionSaver saver(
        comm, {.directory = directory_.path() / (comm.rank() == 1 ? "elsewhere" : "here")});
    for (const std::uint64_t step : {1U, 2U})
      saver.save(session, step, {});
    saver.finish();
    EXPECT_EQ(saver.resident_copy() > 0, is_root(comm));
  });
  const std::string said = testing::internal::GetCapturedStderr();

  EXPECT_THAT(said, HasSubstr("rank 0 writes checkpoints for all: rank 1 does not see rank 0's"));
  EXPECT_TRUE(fs::exists(directory_.path() / "here" / "step-00000002" / "manifest.json"));
  EXPECT_FALSE(fs::exists(directory_.path() / "elsewhere"));
}

TEST_F(SeveralWriters, leave_it_to_rank_0_where_another_node_may_see_old_content) {
  const test::PretendedFileSystem pretended(test::nfs);
  for (const auto asked : {SaveWriters::automatic, SaveWriters::all}) {
    testing::internal::CaptureStderr();
    on_ranks([&](comm::Communicator& comm) {
      Session session = make_session(comm);
      SessionSaver saver(comm, {.directory = directory_.path(), .writers = asked});
      saver.save(session, asked == SaveWriters::all ? 2 : 1, {});
      saver.finish();
      EXPECT_EQ(saver.writers(), asked == SaveWriters::all ? asked : SaveWriters::one);
    });
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(said.find("rank 2 may see old content of") != std::string::npos,
              asked == SaveWriters::automatic)
        << said;
  }
  EXPECT_EQ(checkpoint::verify(directory_.path() / "step-00000002").step, 2U);
}

TEST_F(SeveralWriters, are_all_of_what_rank_0_could_write_alone_only_if_it_is_much) {
  for (const std::size_t rows : {100U, 6000U})
    on_ranks([&](comm::Communicator& comm) {
      const std::vector<ParameterSpec> embedding{{"embedding", {rows, 500}}};
      Session session(comm, embedding, optim::make_optimizer("adamw", {}), {.lanes = ranks});
      SessionSaver saver(comm, {.directory = directory_.path()});
      EXPECT_EQ(saver.writers(), SaveWriters::automatic) << "nobody knows yet";
      saver.save(session, rows, {});
      saver.finish();
      const bool by_all = rows == 6000;  // 36 MB
      EXPECT_EQ(saver.writers(), by_all ? SaveWriters::all : SaveWriters::one);
      EXPECT_EQ(saver.resident_copy() > 0, by_all || is_root(comm));
      EXPECT_EQ(resume(comm, session, directory_.path(), {}), rows);
    });
}

/// The last rank loses sight of the directory between two saves, and gets it back.
TEST_F(SeveralWriters, of_whom_one_does_not_come_fail_within_the_time_limit_and_can_go_on) {
  const fs::path shared = directory_.path() / "shared";
  const fs::path lost = directory_.path() / "lost";
  const fs::path link = directory_.path() / "link";
  for (const fs::path& path : {shared, lost})
    fs::create_directory(path);
  const auto lead_to = [&](const fs::path& target) {
    fs::remove(link);
    fs::create_directory_symlink(target, link);
  };
  testing::internal::CaptureStderr();
  on_ranks(
      [&](comm::Communicator& comm) {
        const bool is_last = comm.rank() == ranks - 1;
        const auto last_sees = [&](const fs::path& target) {
          if (is_last) lead_to(target);
          comm::barrier(comm);
        };
        last_sees(shared);
        Session session = make_session(comm);
        SessionSaver saver(
            comm, {.directory = is_last ? link : shared, .on_failure = SaveFailure::keep_going});
        saver.save(session, 1, {});
        EXPECT_NO_THROW(saver.finish());

        last_sees(lost);
        saver.save(session, 2, {});
        EXPECT_THROW(saver.finish(), AgreedError);
        EXPECT_EQ(resume(comm, session, shared, {}), 1U);

        last_sees(shared);
        saver.save(session, 3, {});
        EXPECT_NO_THROW(saver.finish());
        EXPECT_EQ(resume(comm, session, shared, {}), 3U);
      },
      std::chrono::seconds(20));
  testing::internal::GetCapturedStderr();

  EXPECT_FALSE(fs::exists(shared / "step-00000002"));
}

}  // namespace
}  // namespace rondo::train
