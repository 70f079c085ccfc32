// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/same_session.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

#include "train/same_text.hpp"

namespace rondo::train {
namespace {

std::string_view name_of_role(ParameterRole role) {
  switch (role) {
    case ParameterRole::weight: return "weight";
    case ParameterRole::bias: return "bias";
    case ParameterRole::statistic: return "statistic";
  }
  return "?";
}

std::string text_of(const precision::LossScaler::Options& scaling) {
  return fmt::format("{}, growth {} after {} steps, backoff {}, from {} to {}", scaling.initial,
                     scaling.growth, scaling.growth_interval, scaling.backoff, scaling.min,
                     scaling.max);
}

std::string text_of(const StepHealth::Options& health) {
  return fmt::format("z-score {}, window {}, history {}", health.z_score, health.window,
                     health.least);
}

/// One line for each option.
std::string text_of(const Session::Options& options) {
  std::string text = fmt::format("lanes: {}\n", options.lanes);
  text += fmt::format("reduction: {}\n", name_of(options.reduction));
  text += fmt::format("precision: {}, copy {}, rounding {}, seed {}\n",
                      name_of(options.precision.compute), name_of(options.precision.copy),
                      name_of(options.precision.rounding), options.rounding_seed);
  text += fmt::format("bucket bytes: {}\n",
                      options.bucket_bytes ? fmt::format("{}", *options.bucket_bytes) : "measured");
  text += fmt::format("statistic momentum: {}\n", options.statistic_momentum);
  text += fmt::format("sharding: {}, one pass {}, gather {}\n", name_of(options.sharding),
                      options.one_pass, name_of(options.gather));
  text += fmt::format("compression: {}, seed {}\n",
                      grad::compression_text(options.compression, options.compression_options),
                      options.compression_options.seed);
  text += fmt::format("clip: norm {}, value {}\n", options.clip_norm, options.clip_value);
  text += fmt::format("loss scale: {}\n", text_of(options.loss_scale));
  text += fmt::format("unannounced: {}\n", name_of(options.unannounced));
  text += fmt::format("bad step: {}, {}\n", name_of(options.bad_step), text_of(options.health));
  return text;
}

std::string text_of(std::span<const ParameterSpec> parameters) {
  std::string text;
  for (const auto& [name, shape, role] : parameters)
    text +=
        fmt::format("parameter '{}': ({}) {}\n", name, fmt::join(shape, ", "), name_of_role(role));
  return text;
}

}  // namespace

void check_same_session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
                        const optim::Optimizer& optimizer, const Session::Options& options) {
  check_same_text(
      comm,
      fmt::format("optimizer: {}\n{}{}", optimizer.text(), text_of(options), text_of(parameters)),
      "the ranks have different parameters or options: build the same model with the same options "
      "on every rank");
}

}  // namespace rondo::train
