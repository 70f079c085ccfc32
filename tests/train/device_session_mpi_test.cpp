// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Sessions in a GPU's memory, each rank a process: on GPUs, which ranks may share, or emulated.
#include <cstdlib>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/device_communicator.hpp"
#include "rondo/comm/mpi_world.hpp"
#include "rondo/precision/device_casts.hpp"

#include "support/gpu_arrays.hpp"
#include "support/temporary_directory.hpp"
#include "train/hash_model.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;

Device own_device(const comm::Communicator& comm) {
  return Device(comm.rank() % device_count());
}

/// What a rank of a test has.
class DeviceSession : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    try {
      static_cast<void>(device_count());
    } catch (const ConfigError& error) {
      if (std::getenv("RONDO_REQUIRE_GPU") != nullptr) throw;
      GTEST_SKIP() << error.what();
    }
  }

  train::DeviceSite site() { return {device_, stream_, *devices_}; }

  train::Session make(const HashCase& what, const HashRun& run) {
    return {*comm_, hash_specs(),
            std::make_unique<optim::DeviceOptimizer>(what.optimizer, hash_optimizer_options(what)),
            hash_session_options(what, run), site()};
  }

  /// As run_hash_step(), with the gradients added on the GPU and, every other lane, the loss too.
  train::StepResult run_step(train::Session& session, const HashCase& what, unsigned readiness) {
    std::list<OnGpu<float>> kept;
    const auto send = [&](const std::vector<float>& values) {
      return DeviceSpan<const float>(kept.emplace_back(device_, stream_, values).span());
    };
    for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
      const auto weight = static_cast<float>(lane % 4);
      session.begin_lane(lane, static_cast<double>(weight));
      add_gradients(session, lane, weight, what.precision, readiness,
                    [&](std::size_t p, const std::vector<float>& mine) {
                      precision::accumulate(stream_, send(mine),
                                            session.device_parameters()[p].grad);
                    });
      const double loss = 0.1 * static_cast<double>(lane);
      if (lane % 2 == 0)
        session.end_lane(loss, 1);
      else
        session.end_lane(send({static_cast<float>(loss), 1}));
    }
    return session.step(0.03F);
  }

  /// As run_hash_case().
  std::uint64_t run(const HashCase& what, const HashRun& run, int steps,
                    const std::filesystem::path& checkpoints = {}) {
    train::Session session = make(what, run);
    if (!comm::is_root(*comm_)) std::ranges::fill(session.arena().values(), 7.0F);
    session.synchronize();
    std::uint64_t done = 0;
    if (!checkpoints.empty()) done = train::resume(*comm_, session, checkpoints, {}).value_or(0);
    train::StepResult last;
    for (int s = 0; s < steps; ++s)
      last = run_step(session, what, run.readiness);
    if (!checkpoints.empty())
      train::save(*comm_, session, checkpoints, done + static_cast<std::uint64_t>(steps), {});
    return state_hash(*comm_, session, last);
  }

  std::unique_ptr<comm::Communicator> comm_ = comm::make_mpi_communicator();
  Device device_ = own_device(*comm_);
  DeviceStream stream_{device_};
  std::unique_ptr<comm::DeviceCommunicator> devices_ =
      comm::make_device_communicator(*comm_, device_, {.path = comm::DevicePath::host_staged});
};

constexpr int steps = 3;

/// Every precision and every optimizer, each with small and with large buckets.
std::vector<std::pair<HashCase, HashRun>> cases() {
  const HashRun small{.bucket_bytes = 1};
  const HashRun large{};
  return {{{.precision = Precision::f32, .optimizer = "sgd"}, small},
          {{.precision = Precision::bf16, .optimizer = "sgd"}, large},
          {{.precision = Precision::f16, .optimizer = "adamw"}, small},
          {{.precision = Precision::bf16, .optimizer = "adamw", .rounding_seed = 5}, large},
          {{.precision = Precision::bf16, .optimizer = "lamb"}, small},
          {{.precision = Precision::f32, .optimizer = "lamb"}, large},
          {{.precision = Precision::f16, .optimizer = "lion"}, large},
          {{.precision = Precision::bf16, .optimizer = "lars"}, small}};
}

TEST_F(DeviceSession, has_the_bits_of_one_in_the_hosts_memory) {
  for (const auto& [what, how] : cases())
    EXPECT_EQ(run(what, how, steps), run_hash_case(*comm_, what, how, steps))
        << describe(what, how, comm_->size());
}

TEST_F(DeviceSession, has_them_in_any_order_of_readiness) {
  const HashCase what{.optimizer = "adamw"};
  const HashRun how{.bucket_bytes = 8192, .readiness = 3};
  EXPECT_EQ(run(what, how, steps), run_hash_case(*comm_, what, how, steps));
}

TEST_F(DeviceSession, sums_lanes_in_place_with_the_fast_reduction) {
  const HashCase what{.optimizer = "adamw"};
  const HashRun how{.reduction = grad::Reduction::fast};
  train::Session session = make(what, how);
  train::Session expected = make_hash_session(*comm_, what, how);
  session.synchronize();

  for (int s = 0; s < steps; ++s) {
    const train::StepResult result = run_step(session, what, 0);
    const train::StepResult wanted = run_hash_step(expected, what.precision);
    EXPECT_FLOAT_EQ(static_cast<float>(result.loss), static_cast<float>(wanted.loss));
    EXPECT_NEAR(result.grad_norm, wanted.grad_norm, 1e-5 * wanted.grad_norm);
  }

  EXPECT_TRUE(have_one_hash(*comm_, session));
  for (std::size_t p = 0; p < hash_specs().size(); ++p)
    EXPECT_THAT(session.parameters()[p].value,
                testing::Pointwise(testing::FloatNear(1e-4F), expected.parameters()[p].value));
}

/// Rank 0's, for all.
std::string shared_path(comm::Communicator& comm, const TemporaryDirectory& directory) {
  std::string path = directory.path().string();
  path.resize(256);
  comm::broadcast(comm, std::span(path), 0);
  path.resize(path.find('\0'));
  return path;
}

TEST_F(DeviceSession, goes_on_from_a_checkpoint_of_the_host_and_back) {
  for (const std::string optimizer : {"adamw", "lamb"}) {
    const HashCase what{.precision = Precision::bf16, .optimizer = optimizer};
    const HashRun how{.bucket_bytes = 8192};
    const TemporaryDirectory directory;
    const std::string path = shared_path(*comm_, directory);

    static_cast<void>(run_hash_case(*comm_, what, how, 2, path));
    static_cast<void>(run(what, how, 2, path));
    const std::uint64_t hash = run_hash_case(*comm_, what, how, 1, path);

    EXPECT_EQ(hash, run_hash_case(*comm_, what, how, 5)) << optimizer;
  }
}

TEST_F(DeviceSession, takes_a_checkpoint_in_the_middle_of_its_life) {
  const HashCase what{.optimizer = "adamw"};
  const HashRun how{};
  const TemporaryDirectory directory;
  const std::string path = shared_path(*comm_, directory);
  static_cast<void>(run(what, how, 2, path));

  train::Session session = make(what, how);
  session.synchronize();
  static_cast<void>(run_step(session, what, 0));
  ASSERT_EQ(train::resume(*comm_, session, path, {}), 2U);
  const train::StepResult last = run_step(session, what, 0);

  EXPECT_EQ(state_hash(*comm_, session, last), run_hash_case(*comm_, what, how, 3));
}

TEST_F(DeviceSession, changes_nothing_in_a_bad_step) {
  train::Session::Options options{.lanes = static_cast<std::size_t>(comm_->size()),
                                  .reduction = grad::Reduction::fixed,
                                  .bad_step = train::BadStep::skip};
  const std::vector<ParameterSpec> specs{{"only", {3}}};
  train::Session session(*comm_, specs,
                         std::make_unique<optim::DeviceOptimizer>("sgd", optim::OptimizerOptions{}),
                         options, site());
  session.synchronize();
  const std::vector<float> bad{1, NAN, 1};
  const std::vector<float> good{1, 2, 3};
  for (const auto& gradient : {bad, good}) {
    OnGpu<float> on_gpu(device_, stream_, gradient);
    session.begin_lane(session.lanes().begin, 1);
    precision::accumulate(stream_, DeviceSpan<const float>(on_gpu.span()),
                          session.device_parameters()[0].grad);
    session.ready(0);
    session.end_lane(0.5, 0);
    const train::StepResult result = session.step(1);
    EXPECT_EQ(result.bad, std::isnan(gradient[1]));
    EXPECT_EQ(result.applied, !result.bad);
  }
  EXPECT_EQ(session.bad_steps(), 1U);
  EXPECT_THAT(session.parameters()[0].value, testing::ElementsAre(-1, -2, -3));
}

TEST_F(DeviceSession, refuses_what_is_not_built_yet) {
  try {
    static_cast<void>(make({}, {.sharding = grad::Sharding::zero1}));
    ADD_FAILURE() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("sharding zero1"));
  }
}

TEST_F(DeviceSession, counts_the_gpus_memory) {
  train::Session session = make({.precision = Precision::bf16, .optimizer = "adamw"}, {});
  const std::size_t elements = session.arena().layout().elements();
  const auto own = comm::lane_range(comm_->rank(), comm_->size(), hash_lanes);
  // Values, two slots, gradients, sums of lanes, and the copy.
  const std::size_t expected =
      elements * (4 * (4 + comm::most_partials(own, hash_lanes)) + sizeof(bfloat16));

  const train::Memory memory = session.memory();

  EXPECT_GE(memory.device, expected);
  EXPECT_LT(memory.device, expected + 4096);
  EXPECT_EQ(memory.gradients, 0U);
}

}  // namespace
}  // namespace rondo::test
