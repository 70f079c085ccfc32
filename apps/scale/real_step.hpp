// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/nn/network.hpp"
#include "rondo/precision/policy.hpp"

#include "scale/step.hpp"

namespace rondo::scale {

struct RealOptions {
  std::string model = "cnn";
  Precision precision = Precision::f32;
  std::size_t lanes = 1;            ///< that one rank runs in a step when it does all of its work
  std::size_t batch = 64;           ///< samples a lane
  int threads = 1;                  ///< a rank
  std::filesystem::path data = {};  ///< HDF5; empty: images drawn once
  std::size_t bucket_bytes = 0;
};

/// The model's network for the data, or for 1 x 28 x 28 images without. All ranks of the largest
/// step together will do `most_shares` of one rank's work. \throws ConfigError  no such model, or
/// too little data for such a step \throws IoError      as data::Dataset
std::unique_ptr<nn::Network> make_network(const RealOptions& options, double most_shares);

/// Steps of a trainer: reading, where there is data, passes over all lanes, reduction, optimizer.
/// Kind::computing waits for no data: it has that of the first step always. `comm` must outlive
/// them. Collective. \throws UsageError  a share that leaves no whole number of lanes, or
/// Kind::reduction
std::unique_ptr<TrainingStep> make_real_step(comm::Communicator& comm, const RealOptions& options,
                                             Kind kind, double share);

}  // namespace rondo::scale
