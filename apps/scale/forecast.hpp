// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/scaling/fit.hpp"

#include "scale/figures.hpp"
#include "scale/model.hpp"

namespace rondo::scale {

/// The node of every rank. Collective.
std::vector<int> gather_nodes(comm::Communicator& comm);

/// Says what steps will take on more ranks than anything was measured on: constants of the machine
/// are fitted to short measurements on few ranks, and the simulator runs the reduction on many.
class Forecaster {
 public:
  /// Measures sums of several lengths on these ranks. Collective.
  void learn(comm::Communicator& comm);

  /// One rank's passes and update take so long. Local.
  void set_alone_seconds(double seconds) { alone_seconds_ = seconds; }

  /// What a step will take with one rank on each of `nodes`, each of whom does `share` of the
  /// model's passes. Nothing before anything was learnt. Local.
  std::optional<Prediction> predict(const ModelWork& model, const std::vector<int>& nodes,
                                    std::size_t bucket_bytes, double share) const;

 private:
  std::vector<scaling::Measurement> measurements_;
  std::optional<double> alone_seconds_;
};

}  // namespace rondo::scale
