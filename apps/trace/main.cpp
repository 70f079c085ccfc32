// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-trace: makes the timeline of a run, which viewers open, of the logs of its ranks.

#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/log.hpp"
#include "rondo/telemetry/trace_convert.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"

namespace rondo::apps {
namespace {

void print(const telemetry::TraceSummary& summary, const std::filesystem::path& output) {
  for (const std::string& warning : summary.warnings)
    log::warning(warning);
  if (!summary.missing_ranks.empty())
    log::warning(fmt::format("there are no logs of these of {} ranks: {}", summary.ranks,
                             fmt::join(summary.missing_ranks, ", ")));
  fmt::print("{}: {} events of {} ranks in {} of the steps {} to {}", output.string(),
             summary.events, static_cast<std::size_t>(summary.ranks) - summary.missing_ranks.size(),
             summary.steps, summary.first_step, summary.last_step);
  if (summary.dropped_events > 0) fmt::print(", {} left out", summary.dropped_events);
  if (summary.clock_error_us > 0)
    fmt::print("; clocks within {:.1f} us of rank 0's", summary.clock_error_us);
  fmt::print("\n");
}

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  using namespace rondo::apps;
  namespace telemetry = rondo::telemetry;
  std::filesystem::path directory;
  std::filesystem::path output;
  bool skip_damaged = false;
  Options options(
      "rondo-trace",
      "Makes one file in Chrome's trace event format, for Perfetto (ui.perfetto.dev) or "
      "chrome://tracing, of the logs that the ranks of a run with --trace FILE write to "
      "FILE.ranks: also of a run that was killed, or goes on.");
  options.add_positional("DIR", directory, "FILE.ranks, or FILE.ranks.before of the start before");
  options.add_positional("FILE", output, "what to write");
  options.add("skip-damaged", skip_damaged,
              "use what stands before a damaged record of a file, in place of ending with code 65");
  options.example("rondo-trace runs/first/trace.json.ranks trace.json");
  return run_tool(options, argc, argv, [&] {
    print(telemetry::convert_trace(
              directory, output,
              skip_damaged ? telemetry::DamagedTrace::skip : telemetry::DamagedTrace::refuse),
          output);
    return rondo::ExitCode::ok;
  });
}
