// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/sharding.hpp"
#include "rondo/train/session.hpp"

#include "measure/synthetic_work.hpp"

namespace rondo::bench {

/// A trainer's session of 25 equal parameters, without a network.
class SyntheticSession {
 public:
  struct Options {
    std::size_t parameters = 25'000'000;
    std::string optimizer = "adamw";
    grad::Sharding sharding = grad::Sharding::none;
    double compute_seconds = 0;  ///< of arithmetic in a step, in place of a network's passes
  };

  /// Collective.
  SyntheticSession(comm::Communicator& comm, const Options& options);

  /// Arithmetic, the gradients' sum, and the optimizer. Collective.
  void step();

  train::Session& session() noexcept { return session_; }

 private:
  double compute_seconds_;
  SyntheticWork work_;
  train::Session session_;
};

}  // namespace rondo::bench
