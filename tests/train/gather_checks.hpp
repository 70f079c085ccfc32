// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "train/hash_model.hpp"

/// A trainer that reads parameters while the later ones are still on their way.
namespace rondo::test {

inline train::Session make_gather_session(comm::Communicator& comm, const HashCase& what,
                                          const HashRun& run, train::Gather gather) {
  const bool sgd = what.optimizer == "sgd";
  return {
      comm, hash_specs(),
      optim::make_optimizer(what.optimizer, {.momentum = sgd ? 0.9F : 0.0F, .weight_decay = 0.01F}),
      train::Session::Options{.lanes = what.lanes,
                              .reduction = run.reduction,
                              .precision = policy_of(what),
                              .rounding_seed = what.rounding_seed,
                              .bucket_bytes = run.bucket_bytes,
                              .sharding = run.sharding,
                              .one_pass = run.one_pass,
                              .gather = gather}};
}

/// Two passes over the parameters: forward reads each after it has waited for it alone, backward
/// makes gradients of what forward has read.
class LayerByLayer {
 public:
  explicit LayerByLayer(train::Session& session)
      : session_(session), views_(session.parameters()), seen_(views_.size()) {}

  train::StepResult step() {
    for (std::size_t lane = session_.lanes().begin; lane < session_.lanes().end; ++lane) {
      session_.begin_lane(lane, 1);
      forward();
      backward(lane);
      session_.end_lane(0.1 * static_cast<double>(lane), 1);
    }
    return session_.step(0.03F);
  }

 private:
  void forward() {
    for (std::size_t p = 0; p < views_.size(); ++p) {
      session_.wait_for_parameter(p);
      const auto [value, grad, copy] = views_[p];
      seen_[p].assign(value.begin(), value.end());
      // No layer reads the copy of a running average.
      if (specs_[p].role == ParameterRole::statistic) continue;
      for (std::size_t i = 0; i < copy.size(); ++i)
        seen_[p][i] = static_cast<float>(copy[i]);
    }
  }

  void backward(std::size_t lane) {
    for (std::size_t p = views_.size(); p-- > 0;) {
      for (std::size_t i = 0; i < seen_[p].size(); ++i) {
        const float target = static_cast<float>(scramble(lane, p, i) >> 40) * 0x1p-23F - 1.0F;
        views_[p].grad[i] += session_.loss_scale() * 0.1F * (seen_[p][i] - target);
      }
      session_.ready(p);
    }
  }

  train::Session& session_;
  std::span<const ParameterView> views_;  // kept: reading through them waits for nothing
  std::vector<ParameterSpec> specs_ = hash_specs();
  std::vector<std::vector<float>> seen_;
};

/// The state's hash after some steps. Collective.
inline std::uint64_t hash_layer_by_layer(comm::Communicator& comm, const HashCase& what,
                                         const HashRun& run, train::Gather gather, int steps = 3) {
  train::Session session = make_gather_session(comm, what, run, gather);
  LayerByLayer model(session);
  train::StepResult last;
  for (int s = 0; s < steps; ++s)
    last = model.step();
  return state_hash(comm, session, last);
}

}  // namespace rondo::test
