// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "train/hash_model.hpp"

/// What the tests of the update in one pass share.
namespace rondo::test {

/// All that a step may change on this rank: the arena's values, padding included, and its slots.
inline std::vector<float> state_of_rank(train::Session& session) {
  const auto values = session.arena().values();
  std::vector<float> all(values.begin(), values.end());
  train::OptimizerState& state = session.optimizer_state();
  for (std::size_t k = 0; k < state.slots(); ++k) {
    for (const train::Part& part : state.holding().parts()) {
      for (const train::Run& run : part.runs)
        std::ranges::copy(state.of(k, run), std::back_inserter(all));
    }
  }
  return all;
}

inline bool have_same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

/// This rank's state after some steps. All ranks must be on one node.
inline std::vector<float> state_after(comm::Communicator& comm, const HashCase& what,
                                      const HashRun& run, int steps,
                                      const std::vector<ParameterSpec>& specs = hash_specs()) {
  train::Session session = make_hash_session(comm, what, run, specs);
  EXPECT_EQ(session.is_one_pass(), run.one_pass && comm.size() > 1);
  for (int s = 0; s < steps; ++s)
    run_hash_step(session, what.precision);
  EXPECT_GT(session.applied_steps(), 0U);
  return state_of_rank(session);
}

/// Collective.
inline void expect_one_pass_is_three_steps(comm::Communicator& comm, const HashCase& what,
                                           HashRun run, int steps,
                                           const std::vector<ParameterSpec>& specs = hash_specs()) {
  run.one_pass = false;
  const std::vector<float> expected = state_after(comm, what, run, steps, specs);
  run.one_pass = true;
  const std::vector<float> found = state_after(comm, what, run, steps, specs);
  EXPECT_TRUE(have_same_bits(found, expected))
      << describe(what, run, comm.size()) << ", " << name_of(run.reduction) << ", on rank "
      << comm.rank();
}

}  // namespace rondo::test
