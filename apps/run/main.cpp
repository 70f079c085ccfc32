// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-run: starts a trainer under mpirun, and again after a failure, from its newest checkpoint.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/output_error.hpp"
#include "rondo/job/launch.hpp"
#include "rondo/job/run_directory.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/failure.hpp"
#include "common/start.hpp"
#include "run/child.hpp"
#include "run/hosts.hpp"
#include "run/metrics_tail.hpp"
#include "run/options.hpp"
#include "run/supervisor.hpp"

namespace rondo::apps {
namespace {

using SystemClock = std::chrono::system_clock;

std::string utc(SystemClock::time_point time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(SystemClock::to_time_t(time)));
}

void say(const std::string& text) {
  fmt::print(stderr, "rondo-run: {}\n", text);
}

/// The command of a life.
std::vector<std::string> command(const RunOptions& options, const Placement& placement,
                                 bool is_restart) {
  std::vector<std::string> words = words_of(options.mpirun);
  words.insert(words.end(), {"-np", std::to_string(placement.ranks)});
  if (!placement.hosts.empty()) words.insert(words.end(), {"--host", to_text(placement.hosts)});
  words.insert(words.end(), options.program.begin(), options.program.end());
  const bool has_it = std::ranges::count(options.program, options.resume_option) > 0;
  if (is_restart && !has_it && !options.resume_option.empty())
    words.push_back(options.resume_option);
  return words;
}

/// The lives of one run, from the first start of the program to the end.
class Lives {
 public:
  explicit Lives(const RunOptions& options)
      : options_(options),
        directory_(options.directory().value_or(".")),
        hosts_(hosts_of_run(options)),
        supervisor_({.max_restarts = options.max_restarts,
                     .back_off = std::chrono::duration<double>(options.back_off),
                     .knows_steps = options.directory().has_value()}) {}

  ExitCode run() {
    for (;;) {
      const auto placement = find_place();
      const Verdict verdict = placement ? live(*placement) : supervisor_.judge_too_few_hosts();
      if (!verdict.restart) return leave(verdict.code, verdict.reason);
      say(fmt::format("{}; restart in {:.3g} s", verdict.reason, supervisor_.back_off().count()));
      if (signals_.wait_for_stop(supervisor_.back_off()))
        return leave(static_cast<int>(ExitCode::requeue), "stopped between two lives");
    }
  }

 private:
  std::optional<Placement> find_place() const {
    if (hosts_.empty()) return Placement{.ranks = options_.ranks, .hosts = {}};
    const std::vector<Host> found = answering(hosts_, options_);
    auto placement = place(found, options_.ranks, options_.least_ranks());
    if (found.size() < hosts_.size())
      say(fmt::format("{} of {} hosts answer: {}", found.size(), hosts_.size(), to_text(found)));
    else if (placement && options_.hosts.empty())
      placement->hosts.clear();  // mpirun knows its allocation
    return placement;
  }

  Verdict live(const Placement& placement) {
    const MetricsTail metrics(job::RunDirectory(directory_).metrics());
    const auto begin = SystemClock::now();
    ++life_;
    if (life_ > 1) say(fmt::format("life {} on {} ranks", life_, placement.ranks));
    const ChildEnd child = run_child(command(options_, placement, life_ > 1), signals_);
    const LifeSteps steps = metrics.read();
    const LifeEnd end{.code = child.code,
                      .first_step = steps.first,
                      .last_step = steps.last,
                      .stop = steps.stop,
                      .signal = child.signal};
    const Verdict verdict = supervisor_.judge(end);
    record(placement, begin, end, verdict);
    return verdict;
  }

  /// The run goes on without its log of lives.
  void record(const Placement& placement, SystemClock::time_point begin, const LifeEnd& end,
              const Verdict& verdict) const {
    const auto step = [](const std::optional<std::uint64_t>& known) {
      return known ? static_cast<std::int64_t>(*known) : std::int64_t{-1};
    };
    const std::string hosts = to_text(placement.hosts);
    try {
      std::filesystem::create_directories(directory_);
      telemetry::StepLog log(directory_ / "runs.ndjson", telemetry::StepLog::Mode::append);
      log.write({{"event", "life"},
                 {"life", life_},
                 {"start", std::string_view(utc(begin))},
                 {"end", std::string_view(utc(SystemClock::now()))},
                 {"ranks", placement.ranks},
                 {"hosts", std::string_view(hosts)},
                 {"code", end.code},
                 {"signal", std::max(end.code - 128, 0)},
                 {"first_step", step(end.first_step)},
                 {"last_step", step(end.last_step)},
                 {"restart", verdict.restart},
                 {"reason", std::string_view(verdict.reason)}});
      log.sync();
    } catch (const std::exception& problem) {
      say(fmt::format("warning: this life is not recorded: {}", problem.what()));
    }
  }

  ExitCode leave(int code, const std::string& reason) const {
    if (code != 0 || life_ > 1) say(fmt::format("{} ({} lives)", reason, life_));
    return static_cast<ExitCode>(code);
  }

  const RunOptions& options_;
  std::filesystem::path directory_;
  SignalQueue signals_;
  std::vector<Host> hosts_;
  Supervisor supervisor_;
  int life_ = 0;
};

int run(int argc, char** argv) {
  RunOptions values;
  Options options("rondo-run",
                  "Runs a trainer under mpirun, and again after a failure, from its newest "
                  "checkpoint: rondo-run [OPTIONS] -np N -- PROGRAM [ARGUMENTS]");
  declare(options, values);
  try {
    parse(options, values, argc, argv);
    return finish_output(Lives(values).run());
  } catch (const EarlyExit& exit) {
    std::fputs(exit.text.c_str(), stdout);
    return finish_output(ExitCode::ok);
  } catch (...) {
    const Failure failure = current_failure();
    report(failure, {}, {});
    return static_cast<int>(failure.code);
  }
}

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  return rondo::apps::run(argc, argv);
}
