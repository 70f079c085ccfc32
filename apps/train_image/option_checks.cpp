// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// What the options must be beside each other, and what must not change when a run goes on.
#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "train_image/options.hpp"

namespace rondo::apps {
namespace {

using Choices = std::initializer_list<std::string_view>;

/// An option that may have been given, and what it needs: that `chooser` is one of `choices`.
struct Companion {
  std::string_view option;
  bool given;
  std::string_view chooser;
  std::string_view chosen;
  Choices choices;
};

void require_company(const Companion& companion) {
  const auto& choices = companion.choices;
  const bool counts = std::find(choices.begin(), choices.end(), companion.chosen) != choices.end();
  if (companion.given && !counts)
    throw ConfigError(fmt::format("--{} means nothing with --{} {}: leave it out, or choose {}",
                                  companion.option, companion.chooser, companion.chosen,
                                  fmt::join(choices, " or ")));
}

void check_optimizer(const TrainOptions& options) {
  const auto need = [&](std::string_view option, bool given, Choices choices) {
    require_company({option, given, "optimizer", options.optimizer, choices});
  };
  need("momentum", options.momentum.has_value(), {"sgd", "lars"});
  need("beta1", options.beta1.has_value(), {"adam", "adamw", "lamb", "lion"});
  need("beta2", options.beta2.has_value(), {"adam", "adamw", "lamb", "lion"});
  need("epsilon", options.epsilon.has_value(), {"adam", "adamw", "lamb", "adafactor"});
  need("trust-coefficient", options.trust_coefficient.has_value(), {"lars"});
}

void check_schedule(const TrainOptions& options) {
  const auto need = [&](std::string_view option, bool given, Choices choices) {
    require_company({option, given, "schedule", options.schedule, choices});
  };
  need("final-fraction", options.final_fraction.has_value(),
       {"cosine", "linear", "polynomial", "wsd", "one-cycle"});
  need("power", options.power.has_value(), {"polynomial"});
}

void check_compression(const TrainOptions& options) {
  const auto need = [&](std::string_view option, bool given, Choices choices) {
    require_company({option, given, "compression", options.compression, choices});
  };
  need("topk-fraction", options.topk_fraction.has_value(), {"topk"});
  need("topk-warmup", options.topk_warmup.has_value(), {"topk"});
  need("powersgd-rank", options.powersgd_rank.has_value(), {"powersgd"});
  need("int8-block", options.int8_block.has_value(), {"int8"});
}

/// What `path` should probably have been.
std::string path_by_split(std::string path) {
  const std::size_t train = path.find("train");
  if (train != std::string::npos) return path.replace(train, 5, "{split}");
  return "/{split}/" + path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

/// Training and test samples must not be the same by mistake.
void check_fields(const TrainOptions& options) {
  const data::FieldMap map = data::parse_field_map(options.field);
  for (const auto& [field, path] : map) {
    const bool is_of_one_split = field.find('/') != std::string::npos;
    const bool is_by_split = path.find("{split}") != std::string::npos;
    if (is_of_one_split || is_by_split || map.contains("test/" + field)) continue;
    throw ConfigError(
        fmt::format("--field {0}={1}: training and test would have the same samples: put {{split}} "
                    "where the path is to say train or test ({0}={2}), or name both paths "
                    "({0}={1},test/{0}=PATH)",
                    field, path, path_by_split(path)));
  }
}

void check_data(const TrainOptions& options) {
  check_fields(options);
  require_company(
      {"stage", options.stage.has_value(), "read", data::name_of(options.read), {"direct"}});
  if (options.stage && !options.stage_budget)
    throw ConfigError(fmt::format(
        "--stage {} needs a limit: say how many bytes it may hold, as in --stage-budget 200G",
        options.stage->string()));
  if (!options.stage && options.stage_budget)
    throw ConfigError(
        "--stage-budget means nothing without --stage: leave it out, or name a directory");
}

/// Of images that are taken as stored nothing, as in checkpoints from before there was a choice.
std::string resizing_text(const TrainOptions& options) {
  if (!options.image_size && !options.resized_crop) return "";
  return fmt::format(
      " on {} at {}", options.resized_crop ? "random parts" : "the middle",
      options.image_size ? fmt::format("{0}x{0}", *options.image_size) : "full size");
}

std::string text_or_off(const auto& value) {
  return value ? fmt::format("{}", *value) : "off";
}

}  // namespace

void check_all_count(const TrainOptions& options) {
  check_optimizer(options);
  check_schedule(options);
  check_compression(options);
  check_data(options);
  require_company({"loss-scale",
                   options.loss_scale.has_value(),
                   "precision",
                   name_of(options.precision),
                   {"f16"}});
  require_company({"loss-scale-growth-interval",
                   options.loss_scale_growth_interval.has_value(),
                   "precision",
                   name_of(options.precision),
                   {"f16"}});
  require_company({"device-path",
                   options.device_path != comm::DevicePath::automatic,
                   "device",
                   name_of(options.device),
                   {"cuda"}});
  require_company({"lanes-at-once",
                   options.lanes_at_once.has_value(),
                   "device",
                   name_of(options.device),
                   {"cuda"}});
  if (options.lanes_at_once.value_or(1) > 1)
    require_company({"lanes-at-once", true, "reduce", name_of(options.reduction), {"fast"}});
  require_company({"cuda-graph",
                   options.cuda_graph != nn::DeviceGraphs::automatic,
                   "device",
                   name_of(options.device),
                   {"cuda"}});
  require_company({"device-kernels",
                   options.device_kernels != nn::DeviceKernels::libraries,
                   "device",
                   name_of(options.device),
                   {"cuda"}});
  require_company(
      {"no-device-decode", !options.device_decode, "device", name_of(options.device), {"cuda"}});
  if (options.trace_steps && !options.trace)
    throw ConfigError("--trace-steps means nothing without --trace: leave it out, or name a file");
  if (options.accumulate && options.lanes)
    throw ConfigError(
        "--accumulate means nothing with --lanes: leave it out, or choose one of the two");
}

train::RunIdentity run_identity(const TrainOptions& options, std::size_t lanes,
                                const data::DatasetInfo& data) {
  return {
      {"data", fmt::format("{} samples of {}x{}x{}, labels {}", data.samples, data.channels,
                           data.height, data.width, to_hex(data.label_hash))},
      {"flip", fmt::format("{}", options.flip)},
      {"shift", fmt::format("{}", options.shift)},
      {"noise", fmt::format("{}", options.noise)},
      {"model", options.model + resizing_text(options)},
      {"dropout", fmt::format("{}", options.dropout)},
      {"precision", std::string(name_of(options.precision))},
      {"rounding", std::string(name_of(options.rounding))},
      {"epochs", fmt::format("{}", options.epochs)},
      {"batch", fmt::format("{}", options.batch)},
      {"lanes", fmt::format("{}", lanes)},
      {"order", fmt::format("version {}", data::LaneSampler::version)},
      {"window", fmt::format("{} chunks of {}", sampler_options(options, lanes, data).window,
                             data.chunk_samples)},
      {"reduce", std::string(name_of(options.reduction))},
      {"compression", grad::compression_text(options.compression, options.compression_options())},
      {"seed", fmt::format("{}", options.seed)},
      {"loss-scale-growth-interval", fmt::format("{}", options.growth_interval())},
      {"optimizer", optim::make_optimizer(options.optimizer, options.optimizer_options())->text()},
      {"lr", fmt::format("{}", options.lr.value_or(options.default_lr()))},
      {"base-batch", text_or_off(options.base_batch)},
      {"schedule", options.schedule},
      {"warmup", fmt::format("{}", options.warmup)},
      {"final-fraction", fmt::format("{}", options.final_fraction.value_or(0.0F))},
      {"power", fmt::format("{}", options.power.value_or(2.0))},
      {"clip-norm", text_or_off(options.clip_norm)},
      {"clip-value", text_or_off(options.clip_value)},
  };
}

}  // namespace rondo::apps
