// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/step_report.hpp"

#include <fmt/format.h>

#include "rondo/precision/policy.hpp"

namespace rondo::bench {
namespace {

const char* kernels_name(nn::DeviceKernels kernels) {
  return kernels == nn::DeviceKernels::libraries ? "libraries" : "direct";
}

const char* plans_name(nn::PlanChoice plans) {
  return plans == nn::PlanChoice::measured ? "measured" : "heuristic";
}

const char* graphs_name(nn::DeviceGraphs graphs) {
  switch (graphs) {
    case nn::DeviceGraphs::off: return "off";
    case nn::DeviceGraphs::automatic: return "automatic";
    case nn::DeviceGraphs::on: return "on";
  }
  return "";
}

void print_step(const Device& device, const StepOptions& options, const StepFigures& figures) {
  fmt::print("{}, compute capability {:.1f}\n", device.name(), device.compute_capability() / 10.0);
  fmt::print("{}, {} samples of 3x{}x{}, {}, kernels: {}, plans: {}, graph: {}\n", options.model,
             options.batch, options.image_size, options.image_size, name_of(options.precision),
             kernels_name(options.kernels), plans_name(options.plans), graphs_name(options.graphs));
  fmt::print("{:>9} {:>9} {:>9} {:>10} {:>8} {:>8} {:>8} {:>8} {:>6}\n", "ms", "p95", "no update",
             "samples/s", "TFLOP/s", "MiB", "loss 1", "loss n", "wrong");
  fmt::print("{:>9.3f} {:>9.3f} {:>9.3f} {:>10.1f} {:>8.2f} {:>8} {:>8.4f} {:>8.4f} {:>6}\n",
             figures.seconds.median * 1e3, figures.seconds.p95 * 1e3,
             figures.pass_seconds.median * 1e3, figures.samples_per_second,
             figures.flops_per_second() / 1e12, figures.device_bytes >> 20U, figures.first_loss,
             figures.last_loss, figures.wrong);
}

}  // namespace

void report_step(const Device& device, const StepOptions& options, const StepFigures& figures,
                 telemetry::StepLog& log) {
  print_step(device, options, figures);
  log.write({{"benchmark", "gpu step"},
             {"device", device.name()},
             {"compute_capability", device.compute_capability()},
             {"model", options.model},
             {"batch", options.batch},
             {"image_size", options.image_size},
             {"classes", options.classes},
             {"precision", name_of(options.precision)},
             {"kernels", kernels_name(options.kernels)},
             {"plans", plans_name(options.plans)},
             {"cuda_graph", graphs_name(options.graphs)},
             {"parameters", figures.parameters},
             {"median_seconds", figures.seconds.median},
             {"minimum_seconds", figures.seconds.minimum},
             {"p95_seconds", figures.seconds.p95},
             {"pass_seconds", figures.pass_seconds.median},
             {"samples_per_second", figures.samples_per_second},
             {"flops", figures.flops},
             {"flops_per_second", figures.flops_per_second()},
             {"device_bytes", figures.device_bytes},
             {"first_loss", figures.first_loss},
             {"last_loss", figures.last_loss},
             {"wrong", figures.wrong}});
}

}  // namespace rondo::bench
