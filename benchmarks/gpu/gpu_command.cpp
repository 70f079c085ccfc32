// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench-gpu: the kernels of a step's end beside a copy in the GPU's memory, and a whole step;
// allreduce is device_allreduce_command.cpp.
#include "gpu/gpu_command.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "gpu/device_allreduce.hpp"
#include "gpu/gpu_kernels.hpp"
#include "gpu/step_report.hpp"
#include "gpu/tensors.hpp"
#include "gpu/training_step.hpp"

namespace rondo::bench {
namespace {

struct GpuCommand {
  std::string kernels = "all";
  std::size_t tensors = 0;
  int device = 0;
  StepOptions step;
  GpuRaceOptions race;
  std::filesystem::path json;
};

void declare_step(apps::Options& options, StepOptions& step) {
  options.group("The training step (--kernels step)");
  options.add("model", step.model, "that is trained, by SGD with momentum")
      .one_of(nn::model_names());
  options.add("batch", step.batch, "samples of a step").at_least(1);
  options.add("image-size", step.image_size, "height and width of an image of three channels")
      .at_least(1);
  options.add("classes", step.classes, "that images are of").at_least(2);
  options.add("precision", step.precision,
              {{"f32", Precision::f32}, {"bf16", Precision::bf16}, {"f16", Precision::f16}},
              "type in which layers compute");
  options.add(
      "kernels-by", step.kernels,
      {{"libraries", nn::DeviceKernels::libraries}, {"direct", nn::DeviceKernels::direct}},
      "what convolutions and linear layers run: cuDNN and cuBLASLt, or the slow kernels that are "
      "their oracle");
  options.add("plans", step.plans,
              {{"measured", nn::PlanChoice::measured}, {"heuristic", nn::PlanChoice::heuristic}},
              "how cuDNN's way to compute a convolution is chosen");
  options.add("cuda-graph", step.graphs,
              {{"automatic", nn::DeviceGraphs::automatic},
               {"on", nn::DeviceGraphs::on},
               {"off", nn::DeviceGraphs::off}},
              "whether forward and backward are queued as one CUDA graph; automatic: unless CUDA "
              "cannot capture them, which is said");
}

void declare(apps::Options& options, GpuCommand& command) {
  options.group("What is measured");
  options
      .add("kernels", command.kernels,
           "norm, clipping and AdamW; sums over lanes; conversions; all of these; or a whole "
           "training step")
      .one_of({"all", "update", "tree", "casts", "step"});
  options.add("tensors", command.tensors,
              "of the model that is updated, 148 as in GPT-2 or an even number; 0: 148 and 2000");
  options.add("device", command.device, "GPU, by its index among those that are visible")
      .at_least(0);
  declare_step(options, command.step);
  options.group("How");
  options.add("warmup", command.race.warmup, "calls before the timed ones").at_least(1);
  options.add("repeats", command.race.repeats, "timed calls; the median is the figure").at_least(1);
  options.add("verify", command.race.verify,
              "results are compared with the CPU's, those of a training step with its repetition");
  options.add("json", command.json, "append the figures to this file, one JSON object a line");
  options.example("rondo-bench-gpu --json gpu.ndjson");
  options.example("rondo-bench-gpu --kernels update --tensors 148");
  options.example("rondo-bench-gpu --kernels step --model resnet50 --batch 256 --precision bf16");
  options.example("mpirun -np 2 rondo-bench-gpu allreduce --help");
}

void print(const GpuFigures& figures) {
  fmt::print("{:<20} {:>7} {:>8.1f} {:>9.4f} {:>9.4f} {:>8.1f} {:>8.1f} {:>7.3f} {:>6}\n",
             figures.kernel, figures.tensors, static_cast<double>(figures.bytes) / 1e6,
             figures.seconds.median * 1e3, figures.seconds.p95 * 1e3,
             figures.bytes_per_second() / 1e9, figures.copy_bytes_per_second() / 1e9,
             figures.copy_ratio, figures.wrong);
}

void write(telemetry::StepLog& log, const GpuFigures& figures, const Device& device) {
  log.write({{"benchmark", "gpu"},
             {"device", device.name()},
             {"compute_capability", device.compute_capability()},
             {"kernel", figures.kernel},
             {"tensors", figures.tensors},
             {"bytes", figures.bytes},
             {"median_seconds", figures.seconds.median},
             {"minimum_seconds", figures.seconds.minimum},
             {"p95_seconds", figures.seconds.p95},
             {"bytes_per_second", figures.bytes_per_second()},
             {"copy_bytes_per_second", figures.copy_bytes_per_second()},
             {"copy_ratio", figures.copy_ratio},
             {"wrong", figures.wrong}});
}

using Group = std::vector<GpuFigures>;

class Report {
 public:
  Report(const Device& device, const std::filesystem::path& json) : device_(device) {
    if (!json.empty()) log_ = telemetry::StepLog(json, telemetry::StepLog::Mode::append);
    fmt::print(
        "{}, compute capability {:.1f}\n{:<20} {:>7} {:>8} {:>9} {:>9} {:>8} {:>8} {:>7} {:>6}\n",
        device.name(), device.compute_capability() / 10.0, "kernel", "tensors", "MB", "ms", "p95",
        "GB/s", "copy", "x copy", "wrong");
  }

  void add(const Group& group) {
    for (const GpuFigures& figures : group) {
      print(figures);
      write(log_, figures, device_);
      wrong_ += figures.wrong;
    }
    std::fflush(stdout);
  }
  ExitCode code() const { return wrong_ == 0 ? ExitCode::ok : ExitCode::internal; }

 private:
  const Device& device_;
  telemetry::StepLog log_;
  std::size_t wrong_ = 0;
};

ExitCode run_step(const GpuCommand& command) {
  const Device device(command.device);
  telemetry::StepLog log;
  if (!command.json.empty())
    log = telemetry::StepLog(command.json, telemetry::StepLog::Mode::append);
  const StepFigures figures = measure_step(device, command.step, command.race);
  report_step(device, command.step, figures, log);
  return figures.wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

ExitCode run_gpu(const GpuCommand& command) {
  if (command.kernels == "step") return run_step(command);
  if (command.tensors != 0) tensor_lengths(command.tensors);  // judged before anything is measured
  const Device device(command.device);
  Report report(device, command.json);
  const auto wanted = [&](const char* kernels) {
    return command.kernels == "all" || command.kernels == kernels;
  };
  for (const std::size_t tensors : {std::size_t{148}, std::size_t{2000}}) {
    if (!wanted("update") || (command.tensors != 0 && tensors != 148)) continue;
    const std::size_t count = command.tensors != 0 ? command.tensors : tensors;
    report.add(measure_update(device, count, false, command.race));
    report.add(measure_update(device, count, true, command.race));
  }
  if (wanted("tree")) report.add(measure_tree(device, command.race));
  if (wanted("casts")) report.add(measure_casts(device, command.race));
  return report.code();
}

}  // namespace

int gpu_main(int argc, const char* const* argv) {
  if (argc > 1 && std::string_view(argv[1]) == "allreduce")
    return device_allreduce_main(argc - 1, argv + 1);
  GpuCommand command;
  apps::Options options("rondo-bench-gpu",
                        "The kernels of a step's end on a GPU, beside a copy in its memory, or a "
                        "whole training step; rondo-bench-gpu allreduce: sums over ranks' GPUs.");
  declare(options, command);
  return apps::run_tool(options, argc, argv, [&] { return run_gpu(command); });
}

}  // namespace rondo::bench
