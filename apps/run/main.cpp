// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-run: starts a trainer under mpirun, and again after a failure, from its newest checkpoint.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
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
#include "run/host_watch.hpp"
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

/// The signal that an exit code of the shell's kind speaks of; 0 if it does not.
int signal_of(int code) {
  return code > 128 && code < 128 + NSIG ? code - 128 : 0;
}

/// Open MPI is to notice after some ten seconds that a host is gone, and not after 480. And Slurm
/// believes that a step is still under way on such a host: the next life's step is not to wait for
/// it.
void prepare_environment() {
  constexpr std::array<std::array<const char*, 2>, 4> settings{{
      {"OMPI_MCA_oob_tcp_keepalive_time", "5"},
      {"OMPI_MCA_oob_tcp_keepalive_intvl", "2"},
      {"OMPI_MCA_oob_tcp_keepalive_probes", "3"},
      {"SLURM_OVERLAP", "1"},
  }};
  for (const auto& [name, value] : settings)
    ::setenv(name, value, 0);  // NOLINT(concurrency-mt-unsafe): there is no thread yet
}

/// The command of a life; no `hosts`: where the launcher sees fit.
std::vector<std::string> command(const RunOptions& options, int ranks,
                                 const std::vector<Host>& hosts, bool is_restart) {
  std::vector<std::string> words = words_of(options.mpirun);
  words.insert(words.end(), {"-np", std::to_string(ranks)});
  if (!hosts.empty()) words.insert(words.end(), {"--host", to_text(hosts)});
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
    const auto placement = place(found, options_.ranks, options_.least_ranks());
    if (found.size() < hosts_.size())
      say(fmt::format("{} of {} hosts answer: {}", found.size(), hosts_.size(), to_text(found)));
    return placement;
  }

  std::vector<std::string> command_of(const Placement& placement) const {
    // In a job of Slurm mpirun knows its hosts, as long as they are all there.
    const bool names_hosts = !options_.hosts.empty() || placement.hosts != hosts_;
    return command(options_, placement.ranks, names_hosts ? placement.hosts : std::vector<Host>{},
                   life_ > 1);
  }

  std::vector<Host> missing_of(const Placement& placement) const {
    return without(placement.hosts, answering(placement.hosts, options_));
  }

  ChildEnd run_launcher(const Placement& placement) const {
    HostWatch watch(job::RunDirectory(directory_).metrics(),
                    std::chrono::duration<double>(options_.silence),
                    [&] { return missing_of(placement); });
    const auto has_lost_hosts = [&] {
      const std::vector<Host> lost = watch.lost();
      if (!lost.empty())
        say(fmt::format("no step for {:.3g} s, and no answer from {}: this life is ended",
                        options_.silence, to_text(lost)));
      return !lost.empty();
    };
    return run_child(command_of(placement), signals_,
                     {.interval = std::chrono::duration<double>(std::min(5.0, options_.silence)),
                      .gives_up = has_lost_hosts});
  }

  Verdict live(const Placement& placement) {
    const MetricsTail metrics(job::RunDirectory(directory_).metrics());
    const auto begin = SystemClock::now();
    ++life_;
    if (life_ > 1) say(fmt::format("life {} on {} ranks", life_, placement.ranks));
    const ChildEnd child = run_launcher(placement);
    const LifeSteps steps = metrics.read();
    const bool has_failed = child.code != 0 && child.signal == 0;
    const LifeEnd end{.code = child.code,
                      .first_step = steps.first,
                      .last_step = steps.last,
                      .stop = steps.stop,
                      .signal = child.signal,
                      .lost_hosts = has_failed ? to_text(missing_of(placement)) : ""};
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
                 {"signal", signal_of(end.code)},
                 {"lost_hosts", std::string_view(end.lost_hosts)},
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
    prepare_environment();
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
