// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/comm/device_communicator.hpp"
#include "rondo/data/batch_loader.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"
#include "rondo/data/stored_images.hpp"
#include "rondo/grad/compression.hpp"
#include "rondo/grad/reduction.hpp"
#include "rondo/job/run_directory.hpp"
#include "rondo/nn/device_network.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/optim/schedule.hpp"
#include "rondo/precision/policy.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"
#include "rondo/train/session_saver.hpp"
#include "rondo/train/step_health.hpp"
#include "rondo/train/tracing.hpp"

#include "common/options.hpp"

namespace rondo::apps {

/// What computes.
enum class DeviceKind : std::uint8_t { cpu, cuda };

constexpr std::string_view name_of(DeviceKind kind) {
  return kind == DeviceKind::cpu ? "cpu" : "cuda";
}

/// What rondo-train-image is told; the values here are the defaults.
struct TrainOptions {
  std::filesystem::path data;
  std::string field;                      ///< a data::FieldMap as text
  std::optional<std::size_t> image_size;  ///< none: as stored
  bool resized_crop = false;
  bool flip = true;
  std::size_t shift = 0;
  float noise = 0;
  data::ReadMode read = data::ReadMode::direct;
  std::size_t loader_threads = 2;
  std::optional<std::size_t> prefetch;  ///< in chunks; none: as many as the windows have
  std::optional<std::filesystem::path> stage;
  std::optional<std::size_t> stage_budget;  ///< in bytes

  std::string model = "cnn";
  float dropout = 0.0F;
  Precision precision = Precision::f32;
  precision::Rounding rounding = precision::Rounding::nearest;

  std::size_t epochs = 8;
  std::optional<std::uint64_t> steps;
  std::size_t batch = 32;
  std::optional<std::size_t> window;  ///< in chunks; none: data::automatic_window
  std::optional<std::size_t> lanes;
  std::optional<std::size_t> accumulate;
  grad::Reduction reduction = grad::Reduction::fast;
  grad::Sharding sharding = grad::Sharding::none;
  std::string compression = "none";
  std::optional<double> topk_fraction;
  std::optional<std::size_t> topk_warmup;  ///< in steps
  std::optional<std::size_t> powersgd_rank;
  std::optional<std::size_t> int8_block;
  std::optional<std::size_t> bucket_bytes;
  std::uint64_t seed = 1;

  std::string optimizer = "sgd";
  std::optional<float> lr;
  std::optional<std::uint64_t> base_batch;
  std::string schedule = "cosine";
  double warmup = 0.1;
  std::optional<float> final_fraction;
  std::optional<double> power;
  std::optional<float> momentum;
  std::optional<float> beta1;
  std::optional<float> beta2;
  std::optional<float> epsilon;
  std::optional<float> trust_coefficient;
  float weight_decay = 5e-4F;
  std::optional<double> clip_norm;
  std::optional<float> clip_value;
  train::BadStep bad_step = train::BadStep::abort;
  std::optional<double> z_score;
  std::optional<float> loss_scale;
  std::optional<int> loss_scale_growth_interval;

  DeviceKind device = DeviceKind::cpu;
  comm::DevicePath device_path = comm::DevicePath::automatic;
  nn::DeviceKernels device_kernels = nn::DeviceKernels::libraries;
  nn::DeviceGraphs cuda_graph = nn::DeviceGraphs::automatic;
  std::optional<std::size_t> lanes_at_once;
  bool device_decode = true;
  int threads = 1;
  double time_limit = 120;
  std::optional<std::chrono::seconds> max_time;

  std::filesystem::path output = "runs/train-image";
  checkpoint::Retention retention;
  std::optional<std::size_t> save_every = 0;  ///< none: as the overhead allows
  double save_overhead = 0.01;
  bool background_save = true;
  train::SaveWriters save_writers = train::SaveWriters::automatic;
  train::SaveFailure save_failure = train::SaveFailure::stop;
  std::optional<std::filesystem::path> trace;
  std::optional<std::size_t> trace_steps;
  std::optional<std::filesystem::path> tensorboard;
  bool resume = false;
  bool overwrite = false;

  /// When the program began: --max-time counts from here.
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  /// For a global batch of 256: good for sgd and adamw, a beginning for the others.
  float default_lr() const;
  /// The learning rate after warm-up, with the global batch accounted for.
  float peak_lr(std::size_t resolved_lanes) const;
  data::Augmentation augmentation() const {
    return {.resized_crop = resized_crop, .flip = flip, .shift = shift, .noise = noise};
  }
  /// What the loaders hand out, so that the CPU or the GPU decodes.
  data::ImageForm image_form() const {
    const bool on_device = device == DeviceKind::cuda && device_decode;
    return on_device ? data::ImageForm::stored : data::ImageForm::decoded;
  }
  std::optional<data::StageOptions> stage_options() const {
    if (!stage) return std::nullopt;
    return data::StageOptions{*stage, stage_budget.value_or(0)};
  }
  optim::OptimizerOptions optimizer_options() const;
  grad::CompressionOptions compression_options() const;
  int growth_interval() const;
  optim::Schedule make_schedule(std::uint64_t total_steps, std::size_t resolved_lanes) const;
  precision::Policy policy() const;
  train::Session::Options session_options(std::size_t resolved_lanes) const;
  train::SessionSaver::Options saver_options() const {
    return {.directory = job::RunDirectory(output).checkpoints(),
            .retention = retention,
            .writers = save_writers,
            .in_background = background_save,
            .on_failure = save_failure,
            .every = save_every,
            .overhead = save_overhead};
  }
  train::Tracing::Options trace_options() const {
    train::Tracing::Options tracing{.file = trace.value_or("")};
    tracing.steps = trace_steps.value_or(tracing.steps);
    return tracing;
  }
  /// Shorter: a rank whose GPU hangs knows more than those that wait for that rank.
  std::chrono::milliseconds device_limit() const { return communication_limit() * 3 / 4; }
  std::chrono::milliseconds communication_limit() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double>(time_limit));
  }
};

/// Binds every member to an option of its name.
void declare(Options& options, TrainOptions& values);

/// \throws ConfigError  an option that means nothing beside the others
void check_all_count(const TrainOptions& options);

/// The order in which a run uses the training split.
data::LaneSampler::Options sampler_options(const TrainOptions& options, std::size_t lanes,
                                           const data::DatasetInfo& data);

/// What must not change when the run goes on; `lanes` as resolved, `data` of the training split.
train::RunIdentity run_identity(const TrainOptions& options, std::size_t lanes,
                                const data::DatasetInfo& data);

}  // namespace rondo::apps
