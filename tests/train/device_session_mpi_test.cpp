// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Sessions in a GPU's memory, each rank a process: on GPUs, which ranks may share, or emulated.
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
  train::DeviceSite site() { return {device_, stream_, *devices_}; }

  train::Session make(const HashCase& what, const HashRun& run,
                      train::Gather gather = train::Gather::in_step) {
    train::Session::Options options = hash_session_options(what, run);
    options.gather = gather;
    return {*comm_, hash_specs(),
            std::make_unique<optim::DeviceOptimizer>(what.optimizer, hash_optimizer_options(what)),
            options, site()};
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

  /// After some steps, with one hash on all ranks.
  void expect_near_the_host(const HashCase& what, const HashRun& how);

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

/// Every precision and every optimizer, with small and large buckets, whole and in shards.
std::vector<std::pair<HashCase, HashRun>> cases() {
  const HashRun small{.bucket_bytes = 1};
  const HashRun large{};
  const HashRun shards{.sharding = grad::Sharding::zero1, .bucket_bytes = 8192};
  const HashRun small_shards{.sharding = grad::Sharding::zero1, .bucket_bytes = 1};
  return {{{.precision = Precision::f32, .optimizer = "sgd"}, small},
          {{.precision = Precision::bf16, .optimizer = "sgd"}, large},
          {{.precision = Precision::f16, .optimizer = "adamw"}, small},
          {{.precision = Precision::bf16, .optimizer = "adamw", .rounding_seed = 5}, large},
          {{.precision = Precision::bf16, .optimizer = "lamb"}, small},
          {{.precision = Precision::f32, .optimizer = "lamb"}, large},
          {{.precision = Precision::f16, .optimizer = "lion"}, large},
          {{.precision = Precision::bf16, .optimizer = "lars"}, small},
          {{.precision = Precision::bf16, .optimizer = "adafactor", .rounding_seed = 5}, small},
          {{.precision = Precision::f16, .optimizer = "adafactor"}, large},
          {{.precision = Precision::f32, .optimizer = "sgd"}, small_shards},
          {{.precision = Precision::f16, .optimizer = "adamw"}, shards},
          {{.precision = Precision::bf16, .optimizer = "adamw", .rounding_seed = 5}, small_shards},
          {{.precision = Precision::bf16, .optimizer = "lamb"}, shards},
          {{.precision = Precision::f32, .optimizer = "lars"}, small_shards},
          {{.precision = Precision::bf16, .optimizer = "lion"}, shards}};
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

/// With gradients that are the values, or their copy, which the GPU reads once it has waited.
std::uint64_t run_reading(comm::Communicator& comm, DeviceStream& stream, train::Session& session) {
  for (std::size_t p = 0; p < session.parameters().size(); ++p)
    std::ranges::fill(session.parameters()[p].value, 0.5F + static_cast<float>(p));
  session.synchronize();
  train::StepResult last;
  const auto parameters = session.device_parameters();
  for (int s = 0; s < steps; ++s) {
    for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
      session.begin_lane(lane, 1);
      for (std::size_t p = 0; p < parameters.size(); ++p) {
        session.wait_for_parameter(p);
        if (parameters[p].copy.empty())
          precision::accumulate(stream, parameters[p].value, parameters[p].grad);
        else
          precision::accumulate(stream, parameters[p].copy, parameters[p].grad);
      }
      for (std::size_t p = parameters.size(); p-- > 0;)
        session.ready(p);
      session.end_lane(0, 0);
    }
    last = session.step(0.03F);
  }
  return state_hash(comm, session, last);
}

/// What a kernel does not wait for has not happened then.
TEST_F(DeviceSession, has_the_bits_where_kernels_run_as_soon_as_they_may) {
  stream_ = DeviceStream(device_, FaultCheck::every_launch);
  const HashRun shards{.sharding = grad::Sharding::zero1, .bucket_bytes = 8192};
  for (const std::string optimizer : {"adamw", "lamb"}) {
    const HashCase what{.precision = Precision::bf16, .optimizer = optimizer};
    EXPECT_EQ(run(what, shards, steps), run_hash_case(*comm_, what, shards, steps)) << optimizer;
  }
}

TEST_F(DeviceSession, reads_new_values_while_others_are_under_way) {
  stream_ = DeviceStream(device_, FaultCheck::every_launch);
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    const HashCase what{.precision = precision, .optimizer = "adamw"};
    train::Session whole = make(what, {});
    const std::uint64_t expected = run_reading(*comm_, stream_, whole);
    for (const auto gather : {train::Gather::in_step, train::Gather::in_forward}) {
      const HashRun shards{.sharding = grad::Sharding::zero1, .bucket_bytes = 8192};
      train::Session session = make(what, shards, gather);
      EXPECT_EQ(run_reading(*comm_, stream_, session), expected) << name_of(gather);
    }
  }
}

TEST_F(DeviceSession, refuses_gradients_of_values_that_nobody_waited_for) {
  if (comm_->size() == 1) GTEST_SKIP() << "one rank has no shards";
  train::Session session = make({}, {.sharding = grad::Sharding::zero1}, train::Gather::in_forward);
  session.synchronize();
  static_cast<void>(run_step(session, {}, 0));
  session.begin_lane(session.lanes().begin, 1);
  EXPECT_THROW(session.ready(0), UsageError);
}

TEST_F(DeviceSession, sums_lanes_in_place_with_the_fast_reduction) {
  const HashCase what{.optimizer = "adamw"};
  for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero1})
    expect_near_the_host(what, {.sharding = sharding, .reduction = grad::Reduction::fast});
}

void DeviceSession::expect_near_the_host(const HashCase& what, const HashRun& how) {
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
    const HashRun shards{.sharding = grad::Sharding::zero1};
    const TemporaryDirectory directory;
    const std::string path = shared_path(*comm_, directory);

    static_cast<void>(run_hash_case(*comm_, what, how, 1, path));
    static_cast<void>(run(what, shards, 1, path));
    static_cast<void>(run_hash_case(*comm_, what, shards, 1, path));
    static_cast<void>(run(what, how, 1, path));
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

constexpr std::string_view methods[] = {"bf16", "f16", "int8", "topk", "powersgd"};

void expect_same_residuals(train::Session& session, train::Session& expected) {
  const auto found = session.compressor()->state();
  const auto wanted = expected.compressor()->state();
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_THAT(found[i].values, testing::ElementsAreArray(wanted[i].values)) << found[i].name;
}

TEST_F(DeviceSession, compresses_as_one_in_the_hosts_memory) {
  // The scale changes under way, and the residuals follow.
  const HashCase what{.precision = Precision::f16,
                      .optimizer = "adamw",
                      .loss_scale = {.initial = 1024, .growth_interval = 2}};
  constexpr std::size_t small = 1;
  constexpr std::size_t large = std::size_t{1} << 22U;
  for (const auto& [method, bucket_bytes] : {std::pair{"bf16", small},
                                             {"f16", large},
                                             {"int8", small},
                                             {"int8", large},
                                             {"topk", small},
                                             {"powersgd", small},
                                             {"powersgd", large}}) {
    const HashRun how{
        .bucket_bytes = bucket_bytes, .reduction = grad::Reduction::fast, .compression = method};
    SCOPED_TRACE(describe(what, how, comm_->size()));
    train::Session session = make(what, how);
    train::Session expected = make_hash_session(*comm_, what, how);
    session.synchronize();
    expected.synchronize();

    for (int s = 0; s < 4; ++s) {
      static_cast<void>(run_step(session, what, 0));
      static_cast<void>(run_hash_step(expected, what.precision));
    }

    // The loss apart, whose parts from the host and from the GPU are added in another order.
    EXPECT_EQ(state_hash(*comm_, session, {}), state_hash(*comm_, expected, {}));
    EXPECT_GT(session.loss_scale(), 1024);
    expect_same_residuals(session, expected);
  }
}

TEST_F(DeviceSession, takes_residuals_to_the_host_and_back_by_a_checkpoint) {
  const HashCase what{.optimizer = "adamw"};
  for (const std::string_view method : methods) {
    const HashRun how{.bucket_bytes = 8192,
                      .reduction = grad::Reduction::fast,
                      .compression = std::string(method)};
    const TemporaryDirectory directory;
    const std::string path = shared_path(*comm_, directory);

    static_cast<void>(run(what, how, 1, path));
    static_cast<void>(run_hash_case(*comm_, what, how, 1, path));
    const std::uint64_t hash = run(what, how, 1, path);

    EXPECT_EQ(hash, run(what, how, 3)) << method;
  }
}

TEST_F(DeviceSession, refuses_what_is_not_built_yet) {
  const auto message = [&](const HashRun& how) -> std::string {
    try {
      static_cast<void>(make({}, how));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };

  EXPECT_THAT(message({.sharding = grad::Sharding::zero2}), HasSubstr("sharding zero2"));
}

TEST_F(DeviceSession, counts_the_gpus_memory) {
  for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero1}) {
    const HashCase what{.precision = Precision::bf16, .optimizer = "adamw"};
    train::Session session = make(what, {.sharding = sharding});
    const std::size_t elements = session.arena().layout().elements();
    const bool in_shards = sharding == grad::Sharding::zero1;
    const std::size_t held = in_shards ? session.arena().layout().shard_elements() : elements;
    const auto own = comm::lane_range(comm_->rank(), comm_->size(), hash_lanes);
    // Values, gradients, sums of lanes, and the copy; two slots.
    const std::size_t expected =
        elements * (4 * (2 + comm::most_partials(own, hash_lanes)) + sizeof(bfloat16)) +
        held * 4 * 2;

    const train::Memory memory = session.memory();

    EXPECT_GE(memory.device, expected);
    EXPECT_LT(memory.device, expected + 4096);
    EXPECT_EQ(memory.gradients, 0U);
  }
}

TEST_F(DeviceSession, takes_the_memory_that_was_planned_with_compression) {
  for (const std::string_view method : methods) {
    const HashCase what{.optimizer = "adamw"};
    const HashRun how{.bucket_bytes = 8192,
                      .reduction = grad::Reduction::fast,
                      .compression = std::string(method)};
    train::Session session = make(what, how);

    const train::Memory memory = session.memory();
    const train::Memory plan =
        train::plan_device_memory(hash_specs(), session.optimizer(),
                                  hash_session_options(what, how), comm_->rank(), comm_->size())
            .in_step;

    // Tables, and exact sums, padding among them.
    EXPECT_NEAR(static_cast<double>(memory.device), static_cast<double>(plan.device), 24'000)
        << method;
    EXPECT_GT(memory.compression, 0U) << method;
  }
}

}  // namespace
}  // namespace rondo::test
