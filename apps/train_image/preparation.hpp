// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "rondo/comm/communicator.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"
#include "rondo/nn/network.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/optim/schedule.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "train_image/model.hpp"
#include "train_image/options.hpp"

// What a run opens and settles before its first step.
namespace rondo::apps {

/// What every rank opens for itself.
struct Inputs {
  std::unique_ptr<data::Dataset> train;
  std::unique_ptr<data::Dataset> test;
  nn::NetworkSpec network;
};

/// \throws IoError      a split that cannot be read
/// \throws ConfigError  options that do not fit each other or the data
Inputs open_inputs(const TrainOptions& options);

/// What all ranks must have alike, besides what the session compares.
train::RunIdentity shared_options(const TrainOptions& options, const Inputs& inputs);

/// The lanes of the run: --lanes, or those of the checkpoint to resume, or ranks x --accumulate.
/// Collective.
std::size_t resolve_lanes(comm::Communicator& comm, const TrainOptions& options,
                          const std::filesystem::path& checkpoints);

/// What the run does when.
struct Course {
  data::LaneSampler sampler;
  std::uint64_t steps;
  optim::Schedule schedule;
};

/// `options.lanes` is resolved.
/// \throws ConfigError  options that do not fit each other, the data or the ranks
Course plan_course(const TrainOptions& options, const Inputs& inputs, const Model& model,
                   int ranks);

}  // namespace rondo::apps
