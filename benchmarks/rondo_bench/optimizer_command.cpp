// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench optimizer: the update rules beside the limit of the machine's memory.
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/optimizer.hpp"

namespace rondo::bench {
namespace {

struct OptimizerCommand {
  std::string rule = "all";
  OptimizerBenchOptions options;
  std::filesystem::path json;
};

std::vector<std::string> rules_and_all() {
  std::vector<std::string> names{"all"};
  for (const auto name : optim::optimizer_names())
    names.emplace_back(name);
  return names;
}

void declare(apps::Options& options, OptimizerCommand& command) {
  OptimizerBenchOptions& measured = command.options;
  options.group("What is measured");
  options.add("rule", command.rule, "update rule").one_of(rules_and_all());
  options.add("rows", measured.rows, "rows of the matrix that is updated").at_least(1);
  options.add("columns", measured.columns, "its columns, a multiple of 16").at_least(16);
  options.add("copy", measured.copy, "write a bf16 copy of the new values");
  options.add("random-rounding", measured.random_rounding, "round the copy at random");
  options.group("How");
  options.add("repeats", measured.repeats, "timed updates; the median is the figure").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a rule");
  options.example("rondo-bench optimizer --rule adamw");
}

void print(const OptimizerFigures& figures) {
  fmt::print("{:<10} {:>11.0f} {:>6} {:>7.2f} {:>7.2f} {:>7.2f} {:>7.3f} {:>6}\n", figures.rule,
             figures.elements_per_second() / 1e6, figures.bytes_a_parameter,
             figures.bytes_per_second() / 1e9, figures.seconds.median * 1e3,
             figures.limit_seconds.median * 1e3, figures.ratio, figures.wrong);
}

void write(telemetry::StepLog& log, const OptimizerFigures& figures,
           const OptimizerBenchOptions& options) {
  log.write({{"benchmark", "optimizer"},
             {"rule", figures.rule},
             {"elements", figures.count},
             {"copy", options.copy},
             {"random_rounding", options.random_rounding},
             {"elements_per_second", figures.elements_per_second()},
             {"bytes_a_parameter", figures.bytes_a_parameter},
             {"bytes_per_second", figures.bytes_per_second()},
             {"median_seconds", figures.seconds.median},
             {"minimum_seconds", figures.seconds.minimum},
             {"p95_seconds", figures.seconds.p95},
             {"limit_median_seconds", figures.limit_seconds.median},
             {"limit_ratio", figures.ratio},
             {"wrong", figures.wrong}});
}

ExitCode run_optimizer(const OptimizerCommand& command) {
  telemetry::StepLog log;
  if (!command.json.empty())
    log = telemetry::StepLog(command.json, telemetry::StepLog::Mode::append);
  fmt::print("{:<10} {:>11} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6}\n", "rule", "M elem./s", "bytes",
             "GB/s", "ms", "limit", "x limit", "wrong");
  std::size_t wrong = 0;
  for (const auto name : optim::optimizer_names()) {
    if (command.rule != "all" && command.rule != name) continue;
    const OptimizerFigures figures = measure_optimizer(name, command.options);
    print(figures);
    write(log, figures, command.options);
    wrong += figures.wrong;
  }
  return wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

}  // namespace

int optimizer_main(int argc, const char* const* argv) {
  OptimizerCommand command;
  apps::Options options("rondo-bench optimizer",
                        "Update rules on one thread, beside the loads and stores they need.");
  declare(options, command);
  return apps::run_tool(options, argc, argv, [&] { return run_optimizer(command); });
}

}  // namespace rondo::bench
