// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/report.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/log.hpp"
#include "rondo/base/output_error.hpp"
#include "rondo/telemetry/terminal.hpp"

namespace rondo::apps {
namespace {

job::RunDirectory with_config(const TrainOptions& options, const std::string& config) {
  job::RunDirectory run(options.output);
  write_file_atomically(run.config(), config);
  return run;
}

telemetry::StepLog open_log(const job::RunDirectory& run, std::uint64_t first_step) {
  using Mode = telemetry::StepLog::Mode;
  return telemetry::StepLog(run.metrics(), first_step > 0 ? Mode::append : Mode::fresh);
}

telemetry::EventFile open_events(const TrainOptions& options, std::uint64_t first_step) {
  if (!options.tensorboard) return {};
  return {*options.tensorboard, first_step + 1};
}

telemetry::Progress::Plan progress_plan(const TrainOptions& options, const RunPlan& plan) {
  return {.steps = plan.total_steps,
          .steps_per_epoch = plan.steps_per_epoch,
          .samples_per_step = static_cast<double>(plan.order.lanes * options.batch),
          .first_step = plan.first_step};
}

void print_row(std::string_view key, const std::string& value) {
  fmt::print("  {:<15} {}\n", key, value);
}

std::string order_text(const RunPlan& plan) {
  return fmt::format("order: {} lanes, window {} chunks of {} samples, mixing {:.2f}",
                     plan.order.lanes, plan.order.window, plan.order.chunk_samples, plan.mixing);
}

std::string ranks_text(const RunPlan& plan, const TrainOptions& options) {
  return fmt::format("{} x {} threads, {}", plan.ranks, options.threads, plan.binding);
}

/// The most memory that this process had at once, everything counted.
std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

std::string mib(std::size_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / (1 << 20));
}

std::string memory_text(const train::MemoryPlan& plan, const train::Memory& measured) {
  return fmt::format("planned {} MiB, {} in a step; measured {}; process at most {}",
                     mib(plan.between_steps.total()), mib(plan.in_step.total()),
                     mib(measured.total()), mib(peak_resident_bytes()));
}

std::string memory_parts_text(const train::Memory& memory) {
  return fmt::format(
      "values {}, copy {}, gradients {}, shards {}, slots {}, partial sums {}, compression {}, "
      "saving {}",
      mib(memory.values), mib(memory.copy), mib(memory.gradients), mib(memory.shards),
      mib(memory.slots), mib(memory.partial_sums), mib(memory.compression), mib(memory.saving));
}

std::string step_text(const telemetry::SkewSummary& skew) {
  const auto share = [&](telemetry::Cause cause) {
    return 100 * skew.mean[cause] / skew.step_seconds;
  };
  return fmt::format(
      "{:.3g} ms: {:.0f} % compute, {:.1f} % data, {:.1f} % checkpoint, {:.1f} % communication",
      1e3 * skew.step_seconds, share(telemetry::Cause::compute), share(telemetry::Cause::data),
      share(telemetry::Cause::checkpoint), share(telemetry::Cause::communication));
}

/// What a step's time went into, and whom the others waited for.
void print_skew(const RunPlan& plan, const telemetry::SkewSummary& skew) {
  if (plan.ranks == 1) return;
  if (skew.steps > 0) print_row("a step", step_text(skew));
  std::string_view key = "stragglers";
  for (const std::string& line : telemetry::straggler_table(skew))
    print_row(std::exchange(key, ""), line);
}

}  // namespace

void prepare_output(const TrainOptions& options) {
  const job::RunDirectory run(options.output);
  run.create();
  std::error_code problem;
  if (options.resume || std::filesystem::is_empty(run.checkpoints(), problem)) return;
  if (problem)
    throw output_error(fmt::format("cannot use {}", run.checkpoints().string()), problem.value());
  if (!options.overwrite)
    throw ConfigError(fmt::format(
        "{} holds the checkpoints of a run: go on with it (--resume), choose another --output, or "
        "give it up (--overwrite)",
        options.output.string()));
  std::filesystem::remove_all(run.checkpoints(), problem);
  if (problem)
    throw output_error(fmt::format("cannot remove {}", run.checkpoints().string()),
                       problem.value());
  run.create();
}

Report::Report(const TrainOptions& options, const std::string& config, const RunPlan& plan)
    : options_(options),
      plan_(plan),
      run_(with_config(options, config)),
      log_(open_log(run_, plan.first_step)),
      events_(open_events(options, plan.first_step)),
      progress_(progress_plan(options, plan), telemetry::inspect_terminal(STDERR_FILENO),
                STDERR_FILENO) {
  if (plan.first_step > 0) read_history();
  log_.write({{"event", "start"},
              {"step", plan.first_step},
              {"ranks", plan.ranks},
              {"binding", plan.binding},
              {"device", name_of(options.device)},
              {"place", plan.place},
              {"life", plan.life},
              {"parent", plan.parent},
              {"order", data::LaneSampler::version},
              {"seed", plan.order.seed},
              {"samples", plan.order.samples},
              {"chunk", plan.order.chunk_samples},
              {"lanes", plan.order.lanes},
              {"batch", plan.order.micro_batch},
              {"window", plan.order.window},
              {"data", plan.data},
              {"threads", options.threads},
              {"loader_threads", options.loader_threads},
              {"read", name_of(options.read)},
              {"precision", plan.precision},
              {"reduce", name_of(options.reduction)},
              {"sharding", name_of(options.sharding)},
              {"one_pass", plan.one_pass},
              {"bucket_bytes", plan.bucket.bytes},
              {"bucket_reason", plan.bucket.reason},
              {"compression", options.compression}});
  for (const std::string& note : plan.notes)
    progress_.print("data: " + note);
  progress_.print("ranks: " + ranks_text(plan, options));
  if (!plan.place.empty()) progress_.print("device: " + plan.place);
  progress_.print(order_text(plan));
}

/// The curve of a resumed run shows its earlier lives too.
void Report::read_history() {
  std::ifstream file(run_.metrics());
  for (std::string line; std::getline(file, line);) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    const auto number = [&entry](const char* key) -> std::optional<double> {
      const auto found = entry.find(key);
      if (found == entry.end() || !found->is_number()) return std::nullopt;
      return found->get<double>();
    };
    if (!entry.is_object() || !entry.contains("event")) continue;
    const auto step = number("step");
    if (!step || *step > static_cast<double>(plan_.first_step)) continue;
    if (entry["event"] == "start") {  // an earlier resumption: what came after its step was lost
      const auto is_lost = [&](const telemetry::CurvePoint& point) { return point.x > *step; };
      std::erase_if(losses_, is_lost);
      std::erase_if(accuracies_, is_lost);
    }
    if (const auto loss = number("loss"); loss && entry["event"] == "step")
      losses_.push_back({*step, *loss});
    if (const auto accuracy = number("accuracy"); accuracy && entry["event"] == "evaluation")
      accuracies_.push_back({*step, *accuracy});
  }
}

void Report::step(std::uint64_t step, const StepUse& use, const train::StepResult& result, float lr,
                  float loss_scale, std::span<const telemetry::RankTimes> rank_times) {
  const telemetry::Latecomer last = skew_.add(step, rank_times);
  samples_ += result.weight;
  losses_.push_back({static_cast<double>(step), result.loss});
  log_.write({{"event", "step"},
              {"step", step},
              {"epoch", use.epoch},
              {"position", use.position},
              {"count", use.count},
              {"samples", result.weight},
              {"loss", result.loss},
              {"accuracy", result.accuracy},
              {"grad_norm", result.grad_norm},
              {"clipped", result.clipped},
              {"lr", lr},
              {"loss_scale", loss_scale},
              {"applied", result.applied},
              {"bad", result.bad},
              {"last_rank", last.rank},
              {"last_by_seconds", last.seconds},
              {"last_cause", last.rank < 0 ? "" : name_of(last.cause)},
              {"seconds", stopwatch_.seconds()}});
  events_.write(step, {{"train/loss", result.loss},
                       {"train/accuracy", result.accuracy},
                       {"train/learning_rate", lr},
                       {"train/samples_per_second", result.weight / since_last_step_.seconds()},
                       {"train/gradient_norm", result.grad_norm},
                       {"train/loss_scale", loss_scale}});
  since_last_step_.restart();
  progress_.update(step, result.loss, result.accuracy);
}

void Report::epoch(std::uint64_t step, const EpochEnd& end) {
  const Evaluation& evaluation = end.evaluation;
  const EpochReading& reading = end.reading;
  last_evaluation_ = evaluation;
  evaluation_seconds_ += end.evaluation_seconds;
  accuracies_.push_back({static_cast<double>(step), evaluation.accuracy});
  log_.write({{"event", "evaluation"},
              {"step", step},
              {"loss", evaluation.loss},
              {"accuracy", evaluation.accuracy},
              {"seconds", end.evaluation_seconds}});
  events_.write(
      step, {{"validation/loss", evaluation.loss}, {"validation/accuracy", evaluation.accuracy}});
  log_.write({{"event", "reading"},
              {"step", step},
              {"read_chunks", reading.chunks},
              {"staged_chunks", reading.staged_chunks},
              {"read_bytes", reading.bytes},
              {"staged_bytes", reading.staged_bytes},
              {"read_ratio", reading.ratio},
              {"staged_ratio", reading.staged_ratio},
              {"wait_seconds", reading.wait_seconds},
              {"wait_share", reading.wait_share},
              {"queue_depth", reading.queue_depth}});
  progress_.print(fmt::format("epoch {}/{}: test loss {:.4f}, test accuracy {:.2f} %; {}",
                              step / plan_.steps_per_epoch, options_.epochs, evaluation.loss,
                              100 * evaluation.accuracy, reading_text(reading)));
  write_curve();
  since_last_step_.restart();
}

void Report::write_curve() const {
  try {
    write_file_atomically(
        run_.curve(), telemetry::curve_svg({.title = fmt::format("{} on {}", options_.model,
                                                                 options_.data.filename().string()),
                                            .loss = losses_,
                                            .accuracy = accuracies_}));
  } catch (const IoError& e) {
    log::warning(fmt::format("the curve is not written: {}", e.what()));
  }
}

void Report::log_stragglers(const telemetry::SkewSummary& skew) {
  for (const telemetry::Straggler& straggler : skew.stragglers)
    log_.write({{"event", "straggler"},
                {"rank", straggler.rank},
                {"cause", name_of(straggler.cause)},
                {"chronic", straggler.is_chronic},
                {"seconds", straggler.seconds},
                {"share", straggler.share},
                {"step", straggler.step}});
}

void Report::finish(const RunEnd& end) {
  const double seconds = stopwatch_.seconds();
  progress_.finish();
  const telemetry::SkewSummary skew = skew_.summary();
  log_stragglers(skew);
  log_end(end, skew, seconds);
  write_curve();
  print_closing_table(end, skew, seconds);
}

void Report::log_end(const RunEnd& end, const telemetry::SkewSummary& skew, double seconds) {
  log_.write({{"event", "end"},
              {"step", end.steps},
              {"stop", end.stop},
              {"test_loss", last_evaluation_.loss},
              {"test_accuracy", last_evaluation_.accuracy},
              {"seconds", seconds},
              {"evaluation_seconds", evaluation_seconds_},
              {"data_wait_seconds", end.loader.wait_seconds},
              {"queue_depth", end.loader.queue_depth},
              {"loader_bytes", end.loader.held_bytes()},
              {"loader_planned_bytes", end.loader.planned_bytes},
              {"bad_steps", end.bad_steps},
              {"skew_steps", skew.steps},
              {"skew_step_seconds", skew.step_seconds},
              {"skew_compute_seconds", skew.mean[telemetry::Cause::compute]},
              {"skew_data_seconds", skew.mean[telemetry::Cause::data]},
              {"skew_checkpoint_seconds", skew.mean[telemetry::Cause::checkpoint]},
              {"skew_communication_seconds", skew.mean[telemetry::Cause::communication]},
              {"planned_memory_bytes", plan_.memory.between_steps.total()},
              {"planned_step_memory_bytes", plan_.memory.in_step.total()},
              {"memory_bytes", end.memory.total()},
              {"device_memory_bytes", end.memory.device},
              {"peak_resident_bytes", peak_resident_bytes()},
              {"parameters_hash", to_hex(end.parameters_hash)}});
}

void Report::print_closing_table(const RunEnd& end, const telemetry::SkewSummary& skew,
                                 double seconds) const {
  const double training_seconds = seconds - evaluation_seconds_;
  fmt::print("\n");
  if (accuracies_.empty())
    print_row("test accuracy", "not measured before the end of the first epoch");
  else
    print_row("test accuracy", fmt::format("{:.2f} %", 100 * accuracies_.back().y));
  print_row("steps", fmt::format("{} of {}", end.steps, plan_.total_steps));
  if (!end.stop.empty())
    print_row("stopped", fmt::format("by {}, with a checkpoint: go on with --resume", end.stop));
  print_row("time", fmt::format("{} ({:.1f} s evaluation, {:.1f} s waiting for data)",
                                telemetry::clock_text(seconds), evaluation_seconds_,
                                end.loader.wait_seconds));
  print_row("samples/s",
            telemetry::with_thousands(training_seconds > 0 ? samples_ / training_seconds : 0));
  print_row("ranks", ranks_text(plan_, options_));
  if (!plan_.place.empty()) print_row("device", plan_.place);
  print_row("lanes", fmt::format("{} x {} samples", plan_.order.lanes, options_.batch));
  print_row("precision", plan_.precision);
  print_row("reduction", fmt::format("{}, sharding {}{}, compression {}",
                                     name_of(options_.reduction), name_of(options_.sharding),
                                     plan_.one_pass ? " in one pass" : "", options_.compression));
  if (plan_.ranks > 1)
    print_row("buckets",
              fmt::format("{:.3g} MiB, {}", static_cast<double>(plan_.bucket.bytes) / (1 << 20),
                          plan_.bucket.reason));
  print_skew(plan_, skew);
  if (end.bad_steps > 0) print_row("bad steps", fmt::format("{}", end.bad_steps));
  print_row("memory a rank", memory_text(plan_.memory, end.memory));
  print_row("", memory_parts_text(end.memory));
  if (end.memory.device > 0)
    print_row("", fmt::format("on the GPU, without activations: planned {} MiB; measured {}",
                              mib(plan_.memory.in_step.device), mib(end.memory.device)));
  print_row("loader a rank", loader_memory_text(end.loader));
  print_row("parameters", to_hex(end.parameters_hash));
  print_row("run directory", options_.output.string());
  if (options_.tensorboard) print_row("tensorboard", options_.tensorboard->string());
}

}  // namespace rondo::apps
