// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/options.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "common/setting.hpp"

namespace rondo::scale {
namespace {

using apps::detail::parse_number;

[[noreturn]] void refuse(ExitCode code, const std::string& message) {
  throw AgreedError(code, message);  // every rank reads the same options
}

int parse_count(const std::string& text, const std::string& whole) {
  const auto count = parse_number<int>(text);
  if (!count || *count < 1)
    refuse(ExitCode::usage,
           fmt::format("--ranks: '{}' is no list of rank counts such as 1,2,4", whole));
  return *count;
}

std::vector<int> parse_counts(const std::string& text) {
  std::vector<int> counts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    counts.push_back(parse_count(text.substr(begin, end - begin), text));
    begin = end + 1;
  }
  if (!std::ranges::is_sorted(counts, std::ranges::less_equal{}))
    refuse(ExitCode::usage, fmt::format("--ranks: '{}' does not grow from count to count", text));
  return counts;
}

/// 1, 2, 4 and so on, and the whole job.
std::vector<int> doubling_counts(int job_ranks) {
  std::vector<int> counts;
  for (int count = 1; count < job_ranks; count *= 2)
    counts.push_back(count);
  counts.push_back(job_ranks);
  return counts;
}

void require_whole_lanes(const ScaleOptions& options, const std::vector<int>& counts) {
  if (options.mode == Mode::weak || options.compute == Compute::synthetic) return;
  for (const int count : counts)
    if (options.real.lanes % static_cast<std::size_t>(count) != 0)
      refuse(ExitCode::configuration,
             fmt::format("--lanes {}: strong scaling deals them to {} ranks, which leaves a rest. "
                         "Take a multiple of all rank counts",
                         options.real.lanes, count));
}

void declare_synthetic(apps::Options& options, ScaleOptions& values) {
  options.group("Synthetic steps");
  options.add("work", values.work,
              {{"clock", bench::Backward::clock}, {"arithmetic", bench::Backward::arithmetic}},
              "passes end at their time, as where another device computes, or after a fixed number "
              "of operations");
  options.add("flops", values.device.flops, "a second, of the device that passes stand in for")
      .at_least(1);
  options.add("samples", values.device.samples, "of a step on one rank").at_least(1);
  options
      .add("computing", values.computing_seconds,
           "seconds of one rank's passes, instead of what its flops take")
      .between(1e-6, 3600);
  options
      .add("ratio", values.ratio,
           "chooses them: the reduction at the greatest rank count / the passes")
      .between(0.01, 100);
  options
      .add("poll", values.poll_microseconds,
           "microseconds that passes compute between two looks after the collectives")
      .at_least(1);
  options
      .add_bytes("bucket", values.bucket_bytes,
                 "length of a bucket; default: measured, as in a session")
      .at_least(4);
  options.group("Rehearsal of lost time");
  options.add("straggler", values.straggler, "RANK:FACTOR, a rank that computes longer");
  options.add("reading", values.rehearsal.reading_seconds, "seconds that reading a batch takes")
      .between(0, 3600);
  options.add("slow-reader", values.rehearsal.slow_reader, "the only rank that reads; -1: all do");
  options.add("save-every", values.rehearsal.save_every, "steps between two saves; 0: none");
  options.add("save-seconds", values.rehearsal.save_seconds, "that a save holds all ranks up")
      .between(0, 3600);
}

void declare_real(apps::Options& options, ScaleOptions& values) {
  options.group("Real steps");
  options.add("data", values.real.data, "HDF5 data set; default: images drawn once");
  options.add("precision", values.real.precision,
              {{"f32", Precision::f32}, {"bf16", Precision::bf16}}, "type in which layers compute");
  options.add("lanes", values.real.lanes, "micro-batches a step: weak, of a rank; strong, of all")
      .at_least(1);
  options.add("batch", values.real.batch, "samples of a micro-batch").at_least(1);
  options.add("threads", values.real.threads, "threads a rank").between(1, 4096);
}

}  // namespace

void declare(apps::Options& options, ScaleOptions& values) {
  options.group("What is measured");
  options.add("mode", values.mode, {{"weak", Mode::weak}, {"strong", Mode::strong}},
              "every rank does one rank's work, or all together do");
  options.add("ranks", values.ranks,
              "rank counts, such as 1,2,4; default: doubling up to the whole job");
  options.add(
      "model", values.model,
      "a model table's name (resnet50, vgg16, bert-large, gpt2-124m) or file; with --compute "
      "real a network of rondo-train-image");
  options.add("compute", values.compute,
              {{"synthetic", Compute::synthetic}, {"real", Compute::real}},
              "passes of a model table's length and gradients, or a trainer's step");
  declare_synthetic(options, values);
  declare_real(options, values);
  options.group("How");
  options.add("warmup", values.warmup, "steps before each lap").at_least(1);
  options.add("steps", values.steps, "steps of a lap").at_least(1);
  options.add("repeats", values.repeats, "rounds over all rank counts; medians are the figures")
      .at_least(1);
  options.add("seed", values.seed, "of the bootstrap");
  options.group("Output");
  options.add("json", values.json, "write all figures into this file");
  options.add("report", values.report,
              "write a page with plots into this file, and .csv and .json beside it");
  options.add("baseline", values.baseline, "a --json of before, to compare efficiencies with");
  options
      .add("fail-below", values.fail_below,
           "leave with code 1 where an efficiency is below this share of the baseline's")
      .between(0, 10);
  options.example("mpirun -np 8 rondo-scale --model resnet50 --report scaling.html");
  options.example(
      "mpirun -np 4 rondo-scale --mode strong --compute real --model cnn --lanes 16 --ranks 1,2,4");
}

Plan make_plan(const ScaleOptions& options, int job_ranks) {
  const std::vector<int> counts =
      options.ranks.empty() ? doubling_counts(job_ranks) : parse_counts(options.ranks);
  if (counts.back() > job_ranks)
    refuse(ExitCode::configuration,
           fmt::format("--ranks {}: there are no {} ranks in this job of {}. Start it with mpirun "
                       "-np {}",
                       options.ranks, counts.back(), job_ranks, counts.back()));
  require_whole_lanes(options, counts);
  return {.mode = options.mode,
          .ranks = counts,
          .warmup = options.warmup,
          .steps = options.steps,
          .repeats = options.repeats};
}

Rehearsal make_rehearsal(const ScaleOptions& options, int job_ranks) {
  Rehearsal rehearsal = options.rehearsal;
  if (!options.straggler.empty()) {
    const std::size_t colon = std::min(options.straggler.find(':'), options.straggler.size());
    const auto rank = parse_number<int>(options.straggler.substr(0, colon));
    const auto factor = parse_number<double>(
        options.straggler.substr(std::min(colon + 1, options.straggler.size())));
    if (!rank || !factor || *rank < 0 || !(*factor > 0))
      refuse(ExitCode::usage,
             fmt::format("--straggler: '{}' is not RANK:FACTOR, such as 1:1.5", options.straggler));
    rehearsal.straggler = *rank;
    rehearsal.straggler_factor = *factor;
  }
  const int named = std::max(rehearsal.straggler, rehearsal.slow_reader);
  if (named >= job_ranks)
    refuse(ExitCode::configuration,
           fmt::format("the rehearsal names rank {}, but the job has {}", named, job_ranks));
  return rehearsal;
}

}  // namespace rondo::scale
