// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What a session plans to take, against what the system says it takes.

#include "rondo/train/memory.hpp"

#include <cstddef>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include "rondo/comm/inproc.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_saver.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::train {
namespace {

constexpr int ranks = 3;

std::vector<ParameterSpec> specs() {
  return {{"embedding", {1000, 500}},
          {"bias", {500}, ParameterRole::bias},
          {"mean", {500}, ParameterRole::statistic},
          {"head", {900, 700}}};
}

void run_step(Session& session, const std::function<void()>& before_step) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, 1);
    for (std::size_t p = session.parameters().size(); p-- > 0;) {
      for (float& g : session.parameters()[p].grad)
        g += 0.001F * static_cast<float>(lane + 1);
      session.ready(p);
    }
    session.end_lane(1, 1);
  }
  before_step();
  session.step(0.01F);
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool keeps_freed_memory = true;
#else
constexpr bool keeps_freed_memory = false;
#endif

/// All memory of this process, as the system counts it.
double process_bytes() {
  std::ifstream file("/proc/self/statm");
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void expect_near(std::size_t measured, std::size_t planned, double tolerance,
                 const std::string& what) {
  EXPECT_NEAR(static_cast<double>(measured), static_cast<double>(planned),
              tolerance * static_cast<double>(planned))
      << what;
}

void expect_parts_near(const Memory& measured, const Memory& planned, const std::string& what) {
  constexpr double tolerance = 0.02;
  expect_near(measured.values, planned.values, tolerance, what + ": values");
  expect_near(measured.copy, planned.copy, tolerance, what + ": copy");
  expect_near(measured.gradients, planned.gradients, tolerance, what + ": gradients");
  expect_near(measured.shards, planned.shards, tolerance, what + ": shards");
  expect_near(measured.slots, planned.slots, tolerance, what + ": slots");
  expect_near(measured.partial_sums, planned.partial_sums, tolerance, what + ": partial sums");
  expect_near(measured.compression, planned.compression, tolerance, what + ": compression");
}

struct Measured {
  std::vector<MemoryPlan> plans;
  double process_growth = 0;  ///< while the sessions of all ranks live, between steps
};

/// The sessions of all ranks in this process, which share a node, and their memories.
Measured measure(const Session::Options& options, const char* optimizer, const std::string& what) {
  Measured result{.plans = std::vector<MemoryPlan>(ranks), .process_growth = 0};
  const auto body = [&](comm::Communicator& comm) {
    barrier(comm);
    if (!keeps_freed_memory) malloc_trim(0);
    const double before = process_bytes();
    barrier(comm);
    auto rule = optim::make_optimizer(optimizer, {});
    const MemoryPlan plan = plan_memory(specs(), *rule, options, comm.rank(), comm.size());
    result.plans[static_cast<std::size_t>(comm.rank())] = plan;
    Session session(comm, specs(), std::move(rule), options);
    expect_parts_near(session.memory(), plan.in_step, what + ", at the start");

    for (int s = 0; s < 2; ++s)
      run_step(session, [&] { EXPECT_LE(session.memory().total(), plan.in_step.total()) << what; });

    expect_parts_near(session.memory(), plan.between_steps, what + ", between steps");
    barrier(comm);
    if (is_root(comm)) result.process_growth = process_bytes() - before;
    barrier(comm);
  };
  comm::run_ranks(ranks, body, {.time_limit = std::chrono::seconds(60)}, ranks);
  return result;
}

TEST(MemoryPlan, foresees_what_the_process_takes_with_every_sharding_and_precision) {
  if (!keeps_freed_memory) mallopt(M_MMAP_THRESHOLD, 1 << 16);  // Freed memory leaves at once.
  for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero1, grad::Sharding::zero2}) {
    for (const auto precision : {Precision::f32, Precision::bf16, Precision::f16}) {
      const std::string what = fmt::format("{} {}", name_of(sharding), name_of(precision));
      const Measured found = measure({.lanes = 7,
                                      .reduction = grad::Reduction::fixed,
                                      .precision = precision,
                                      .bucket_bytes = std::size_t{1} << 18,
                                      .sharding = sharding},
                                     "adamw", what);

      double planned = 0;
      for (const MemoryPlan& plan : found.plans)
        planned += static_cast<double>(plan.between_steps.total());
      if (keeps_freed_memory) continue;
      EXPECT_NEAR(found.process_growth, planned, 0.05 * planned) << what;
    }
  }
}

TEST(MemoryPlan, foresees_slots_of_other_shapes_and_residuals) {
  measure({.lanes = ranks}, "adafactor", "adafactor");
  measure({.lanes = ranks, .compression = "powersgd"}, "sgd", "powersgd");
}

/// Two saves in the background, and what their copies take.
void measure_saving(const Session::Options& options, const char* optimizer, SaveWriters writers) {
  const test::TemporaryDirectory directory;
  const auto body = [&](comm::Communicator& comm) {
    auto rule = optim::make_optimizer(optimizer, {});
    const std::size_t planned =
        SessionSaver::planned_copy(specs(), *rule, options, writers, comm.rank(), comm.size());
    Session session(comm, specs(), std::move(rule), options);
    SessionSaver saver(comm, {.directory = directory.path(), .writers = writers});
    EXPECT_EQ(saver.resident_copy(), 0U) << "before the first save";

    for (std::uint64_t step = 1; step <= 2; ++step)
      saver.save(session, step, {});
    saver.finish();

    expect_near(saver.resident_copy(), planned, 0.02,
                fmt::format("{} {} {} {}", optimizer, name_of(options.sharding),
                            options.compression, name_of(writers)));
  };
  comm::run_ranks(ranks, body, {.time_limit = std::chrono::seconds(60)}, ranks);
}

TEST(MemoryPlan, foresees_the_copies_of_saves_in_the_background) {
  for (const auto writers : {SaveWriters::automatic, SaveWriters::one, SaveWriters::all}) {
    measure_saving({.lanes = ranks}, "adamw", writers);
    measure_saving({.lanes = ranks, .sharding = grad::Sharding::zero2}, "adamw", writers);
    measure_saving({.lanes = ranks}, "adafactor", writers);
    measure_saving({.lanes = ranks, .compression = "powersgd"}, "sgd", writers);
  }
}

TEST(MemoryPlan, counts_what_sharding_saves) {
  const auto rule = optim::make_optimizer("adamw", {});
  const auto plan = [&](grad::Sharding sharding, int count) {
    return plan_memory(specs(), *rule, {.lanes = 8, .sharding = sharding}, 0, count);
  };
  const Memory whole = plan(grad::Sharding::none, 4).between_steps;
  const Memory zero1 = plan(grad::Sharding::zero1, 4).between_steps;
  const MemoryPlan zero2 = plan(grad::Sharding::zero2, 4);

  EXPECT_EQ(zero1.slots, whole.slots / 4);
  EXPECT_EQ(zero1.shards, whole.gradients / 4);
  EXPECT_EQ(zero2.between_steps.gradients, 0U);
  EXPECT_EQ(zero2.in_step.gradients, whole.gradients);
  EXPECT_EQ(plan(grad::Sharding::zero2, 1).between_steps.total(),
            plan(grad::Sharding::none, 1).between_steps.total())
      << "one rank has nothing to share out";
}

}  // namespace
}  // namespace rondo::train
