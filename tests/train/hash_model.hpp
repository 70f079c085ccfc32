// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/hash.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/casts.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "train/optimizer_state.hpp"

/// A model of a few thousand numbers whose every bit can be predicted, for tests that compare runs
/// by their hash.
namespace rondo::test {

/// What must not change a bit.
struct HashRun {
  grad::Sharding sharding = grad::Sharding::none;
  std::size_t bucket_bytes = std::size_t{1} << 22;
  grad::Reduction reduction = grad::Reduction::fixed;
  bool one_pass = true;
  unsigned readiness = 0;  ///< which order gradients are announced in; 0: backward in every lane
  std::string compression = "none";  ///< which changes bits
};

inline constexpr std::size_t hash_lanes = 11;

/// What may.
struct HashCase {
  Precision precision = Precision::f32;
  std::string optimizer = "sgd";
  std::size_t lanes = hash_lanes;
  std::uint64_t rounding_seed = 0;                 ///< 0: to nearest
  precision::LossScaler::Options loss_scale = {};  ///< in f16
};

inline precision::Policy policy_of(const HashCase& what) {
  precision::Policy policy = what.precision;
  if (what.rounding_seed != 0) policy.rounding = precision::Rounding::stochastic;
  return policy;
}

inline constexpr std::array precisions{Precision::f32, Precision::bf16, Precision::f16};
inline constexpr std::array<std::string_view, 3> optimizers{"sgd", "adamw", "lamb"};

inline std::string describe(const HashCase& what, const HashRun& run, int ranks) {
  return fmt::format(
      "{} {} on {} ranks, {}, sharding {}, buckets of {} bytes, readiness {}, "
      "compression {}",
      name_of(what.precision), what.optimizer, ranks, name_of(run.reduction), name_of(run.sharding),
      run.bucket_bytes, run.readiness, run.compression);
}

inline std::vector<ParameterSpec> hash_specs() {
  return {{"first", {90, 61}},
          {"first.bias", {61}, ParameterRole::bias},
          {"average", {61}, ParameterRole::statistic},
          {"second", {61, 130}},
          {"seldom", {20}},
          {"one", {1}, ParameterRole::bias}};
}

/// Another number for every lane and position.
inline std::uint64_t scramble(std::size_t lane, std::size_t parameter, std::size_t i) {
  std::uint64_t x = (lane * 16 + parameter) * 1'000'003 + i + 1;
  x *= 0x9E3779B97F4A7C15ULL;
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9ULL;
  return x ^ (x >> 32);
}

/// The order in which a lane announces its gradients.
inline std::vector<std::size_t> readiness_order(std::size_t count, std::size_t lane,
                                                unsigned readiness) {
  std::vector<std::size_t> order(count);
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  if (readiness == 0) return order;
  std::ranges::sort(order, {},
                    [&](std::size_t p) { return scramble(lane + 100 * readiness, p, 0); });
  return order;
}

/// What the layers of a model would add to a gradient, in the resolution of the layers' type and
/// from the copy of the values that they read: values are drawn to targets between -1 and 1, with
/// forces of such different sizes that every sum of them rounds.
inline std::vector<float> hash_gradient(train::Session& session, std::size_t parameter,
                                        std::size_t lane, float weight, Precision precision) {
  const ParameterView view = session.parameters()[parameter];
  const bool statistic = session.arena().specs()[parameter].role == ParameterRole::statistic;
  std::vector<float> mine(view.value.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const std::uint64_t random = scramble(lane, parameter, i);
    const float target = static_cast<float>(random >> 40) * 0x1p-23F - 1.0F;
    const float force = std::ldexp(weight, -static_cast<int>(random % 20));
    const float seen = view.copy.empty() ? view.value[i] : static_cast<float>(view.copy[i]);
    mine[i] = statistic ? force * target : force * session.loss_scale() * (seen - target);
  }
  if (precision == Precision::bf16) precision::round_through<bfloat16>(mine);
  if (precision == Precision::f16) precision::round_through<half>(mine);
  return mine;
}

/// Adds the gradients of a lane by `add(parameter, gradient)` and announces them.
template <class Add>
void add_gradients(train::Session& session, std::size_t lane, float weight, Precision precision,
                   unsigned readiness, const Add& add) {
  const auto specs = session.arena().specs();
  for (const std::size_t p : readiness_order(specs.size(), lane, readiness)) {
    if (specs[p].name == "seldom" && lane != 5) continue;
    add(p, hash_gradient(session, p, lane, weight, precision));
    session.ready(p);
  }
}

inline void add_gradients(train::Session& session, std::size_t lane, float weight,
                          Precision precision, unsigned readiness = 0) {
  add_gradients(session, lane, weight, precision, readiness,
                [&](std::size_t p, const std::vector<float>& mine) {
                  const auto grad = session.parameters()[p].grad;
                  for (std::size_t i = 0; i < mine.size(); ++i)
                    grad[i] += mine[i];
                });
}

/// One step over all lanes; their weights are uneven and one is empty.
inline train::StepResult run_hash_step(train::Session& session, Precision precision,
                                       unsigned readiness = 0) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    const auto weight = static_cast<float>(lane % 4);
    session.begin_lane(lane, static_cast<double>(weight));
    add_gradients(session, lane, weight, precision, readiness);
    session.end_lane(0.1 * static_cast<double>(lane), 1);
  }
  return session.step(0.03F);
}

/// Whether all ranks hold the same values. Collective.
inline bool have_one_hash(comm::Communicator& comm, train::Session& session) {
  const std::uint64_t mine = session.arena().values_hash();
  std::vector<std::uint64_t> all(static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span(&mine, 1), std::span(all));
  return std::ranges::all_of(all, [&](std::uint64_t hash) { return hash == all.front(); });
}

/// Values, optimizer slots, the last step's figures. Collective; the hash is rank 0's, and 0 where
/// the ranks' values differ.
inline std::uint64_t state_hash(comm::Communicator& comm, train::Session& session,
                                const train::StepResult& last) {
  if (!have_one_hash(comm, session)) return 0;
  std::uint64_t hash = session.arena().values_hash();
  train::OptimizerState& state = session.optimizer_state();
  auto whole = state.gather(comm);
  const std::array figures{last.loss, last.grad_norm, static_cast<double>(session.loss_scale())};
  hash = content_hash(std::as_bytes(std::span(figures)), hash);
  for (std::size_t k = 0; k < state.slots() && comm::is_root(comm); ++k)
    for (std::size_t p = 0; p < session.arena().specs().size(); ++p)
      hash = content_hash(std::as_bytes(whole.of(k, p)), hash);
  comm::broadcast(comm, std::span(&hash, 1), 0);
  return hash;
}

inline optim::OptimizerOptions hash_optimizer_options(const HashCase& what) {
  return {.momentum = what.optimizer == "sgd" ? 0.9F : 0.0F, .weight_decay = 0.01F};
}

inline train::Session::Options hash_session_options(const HashCase& what, const HashRun& run) {
  return {.lanes = what.lanes,
          .reduction = run.reduction,
          .precision = policy_of(what),
          .rounding_seed = what.rounding_seed,
          .bucket_bytes = run.bucket_bytes,
          .sharding = run.sharding,
          .one_pass = run.one_pass,
          .compression = run.compression,
          .compression_options = {.block = 48, .fraction = 0.1, .warmup_steps = 3},
          .clip_norm = 20,
          .clip_value = 0.5F,
          .loss_scale = what.loss_scale};
}

inline train::Session make_hash_session(comm::Communicator& comm, const HashCase& what,
                                        const HashRun& run,
                                        const std::vector<ParameterSpec>& specs = hash_specs()) {
  return {comm, specs, optim::make_optimizer(what.optimizer, hash_optimizer_options(what)),
          hash_session_options(what, run)};
}

/// The hash after `steps` more steps; with a directory, resumed from there and saved to it.
inline std::uint64_t run_hash_case(comm::Communicator& comm, const HashCase& what,
                                   const HashRun& run, int steps,
                                   const std::filesystem::path& checkpoints = {}) {
  train::Session session = make_hash_session(comm, what, run);
  if (!comm::is_root(comm)) std::ranges::fill(session.arena().values(), 7.0F);
  session.synchronize();
  std::uint64_t done = 0;
  if (!checkpoints.empty()) done = train::resume(comm, session, checkpoints, {}).value_or(0);
  train::StepResult last;
  for (int s = 0; s < steps; ++s)
    last = run_hash_step(session, what.precision, run.readiness);
  if (!checkpoints.empty())
    train::save(comm, session, checkpoints, done + static_cast<std::uint64_t>(steps), {});
  return state_hash(comm, session, last);
}

}  // namespace rondo::test
