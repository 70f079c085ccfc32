// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "rondo/base/device.hpp"
#include "rondo/nn/device_network.hpp"

#include "gpu/gpu_race.hpp"
#include "measure/statistics.hpp"

namespace rondo::bench {

/// Which training step is measured.
struct StepOptions {
  std::string model = "resnet50";
  std::size_t batch = 256;
  std::size_t image_size = 224;  ///< pixels either way, of three channels
  std::size_t classes = 1000;
  Precision precision = Precision::bf16;
  nn::DeviceKernels kernels = nn::DeviceKernels::libraries;
  nn::PlanChoice plans = nn::PlanChoice::measured;
  nn::DeviceGraphs graphs = nn::DeviceGraphs::automatic;
};

/// One line of the table. METRICS.md defines every figure.
struct StepFigures {
  Summary seconds;
  Summary pass_seconds;  ///< without norm and update
  double samples_per_second = 0;
  double flops = 0;  ///< of a step: two a multiplication
  std::size_t parameters = 0;
  std::size_t device_bytes = 0;
  double first_loss = 0;
  double last_loss = 0;
  std::size_t wrong = 0;

  double flops_per_second() const { return flops / seconds.median; }
};

/// Measures forward, backward, the gradient's norm, clipping and SGD with momentum on one batch
/// that stays in the GPU's memory.
/// \throws ConfigError  no such model, a build without CUDA; UsageError  images too small for it;
/// DeviceError  out of memory, a kernel failed
StepFigures measure_step(const Device& device, const StepOptions& options,
                         const GpuRaceOptions& race);

/// What is wrong with the losses of steps on one batch, each counted: one that is not finite, and
/// a last one that is not below the first.
std::size_t wrong_losses(std::span<const double> losses);

}  // namespace rondo::bench
