// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/update.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/train/session.hpp"

#include "train/optimizer_state.hpp"

namespace rondo::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<ParameterSpec> make_specs(const UpdateOptions& options) {
  const std::size_t elements =
      std::max(options.gradient_bytes / sizeof(float) / options.parameters, std::size_t{1});
  std::vector<ParameterSpec> specs;
  for (std::size_t i = 0; i < options.parameters; ++i)
    specs.push_back({.name = fmt::format("parameter {}", i), .shape = {elements}});
  return specs;
}

/// A session whose gradients come from nowhere.
class UpdatedSession {
 public:
  UpdatedSession(comm::Communicator& comm, const UpdateOptions& options, bool one_pass)
      : comm_(comm),
        session_(comm, make_specs(options), optim::make_optimizer(options.optimizer, {}),
                 {.lanes = static_cast<std::size_t>(comm.size()),
                  .reduction = options.reduction,
                  .bucket_bytes = options.bucket_bytes,
                  .sharding = grad::Sharding::zero1,
                  .one_pass = one_pass}) {}

  bool is_one_pass() const { return session_.is_one_pass(); }

  /// The seconds of a step from the end of its backward pass, on the slowest rank. Collective.
  double step() {
    session_.begin_lane(session_.lanes().begin, 1);
    for (const ParameterView& view : session_.parameters())
      fill(view.grad);
    comm::barrier(comm_);
    const auto begin = Clock::now();
    for (std::size_t i = session_.parameters().size(); i-- > 0;)
      session_.ready(i);
    session_.end_lane(1, 0);
    session_.step(1e-3F);
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    comm::allreduce(comm_, std::span(&seconds, 1), comm::ReduceOp::max);
    return seconds;
  }

  /// Elements of all that a step changes on this rank whose bits are not the other session's.
  std::int64_t differences(UpdatedSession& other) {
    std::int64_t count = differences(session_.arena().values(), other.session_.arena().values());
    train::OptimizerState& mine = session_.optimizer_state();
    for (std::size_t k = 0; k < mine.slots(); ++k) {
      for (const train::Part& part : mine.holding().parts())
        for (const train::Run& run : part.runs)
          count += differences(mine.of(k, run), other.session_.optimizer_state().of(k, run));
    }
    return count;
  }

 private:
  static std::int64_t differences(std::span<const float> a, std::span<const float> b) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      count += std::bit_cast<std::uint32_t>(a[i]) == std::bit_cast<std::uint32_t>(b[i]) ? 0 : 1;
    return count;
  }

  void fill(std::span<float> grad) {
    for (float& g : grad) {
      state_ = state_ * 1664525 + 1013904223;
      g += static_cast<float>(static_cast<std::int32_t>(state_)) * 0x1p-31F;
    }
  }

  comm::Communicator& comm_;
  train::Session session_;
  std::uint32_t state_ = static_cast<std::uint32_t>(comm_.rank());
};

}  // namespace

UpdateFigures measure_update(comm::Communicator& comm, const UpdateOptions& options) {
  UpdatedSession apart(comm, options, false);
  UpdatedSession one_pass(comm, options, true);
  if (!one_pass.is_one_pass())
    throw ConfigError(
        "rondo-bench update: needs several ranks on one node that share memory; start it with "
        "mpirun -np 2");
  for (std::size_t i = 0; i < options.warmup; ++i) {
    apart.step();
    one_pass.step();
  }
  std::vector<double> apart_seconds;
  std::vector<double> one_pass_seconds;
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < options.repeats; ++i) {
    apart_seconds.push_back(apart.step());
    one_pass_seconds.push_back(one_pass.step());
    wrong += apart.differences(one_pass);
  }
  comm::allreduce(comm, std::span(&wrong, 1), comm::ReduceOp::sum);
  return {.apart = summarize(apart_seconds),
          .one_pass = summarize(one_pass_seconds),
          .ratio = median_ratio(one_pass_seconds, apart_seconds),
          .wrong = static_cast<std::uint64_t>(wrong)};
}

}  // namespace rondo::bench
