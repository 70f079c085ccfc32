// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/preparation.hpp"

#include <string>

#include "rondo/data/fields.hpp"
#include "rondo/train/session.hpp"

namespace rondo::apps {

Inputs open_inputs(const TrainOptions& options) {
  Inputs inputs;
  data::Dataset::Options reading{.field_map = data::parse_field_map(options.field)};
  inputs.train = std::make_unique<data::Dataset>(options.data, "train", reading);
  reading.given = data::attributes_of(inputs.train->info());
  inputs.test = std::make_unique<data::Dataset>(options.data, "test", reading);
  const data::DatasetInfo& info = inputs.train->info();
  data::require_same_shape(info, inputs.test->info(), options.data);
  const nn::ImageShape shape{info.channels, options.image_size.value_or(info.height),
                             options.image_size.value_or(info.width)};
  inputs.network = nn::make_model(options.model, shape, info.classes, options.dropout);
  return inputs;
}

train::RunIdentity shared_options(const TrainOptions& options, const Inputs& inputs) {
  train::RunIdentity shared =
      run_identity(options, options.lanes.value_or(0), inputs.train->info());
  shared["accumulate"] = std::to_string(options.accumulate.value_or(1));
  shared["steps"] = std::to_string(options.steps.value_or(0));
  shared["resume"] = options.resume ? "true" : "false";
  return shared;
}

std::size_t resolve_lanes(comm::Communicator& comm, const TrainOptions& options,
                          const std::filesystem::path& checkpoints) {
  if (options.lanes) return *options.lanes;
  if (options.resume) {
    if (const auto stored = train::stored_lanes(comm, checkpoints)) return *stored;
  }
  return static_cast<std::size_t>(comm.size()) * options.accumulate.value_or(1);
}

Course plan_course(const TrainOptions& options, const Inputs& inputs, const Model& model,
                   int ranks) {
  const std::size_t lanes = *options.lanes;
  model.check(options.session_options(lanes), ranks);
  data::require_enough_samples(inputs.train->info(), lanes, options.data);
  const data::LaneSampler sampler(sampler_options(options, lanes, inputs.train->info()));
  const std::uint64_t steps = options.epochs * sampler.steps_per_epoch();
  return {sampler, steps, options.make_schedule(steps, lanes)};
}

}  // namespace rondo::apps
