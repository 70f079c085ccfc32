// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "rondo/job/launch.hpp"

#include "common/call_watch.hpp"
#include "common/failure.hpp"
#include "common/run_main.hpp"
#include "common/start.hpp"

namespace rondo::apps {

int run_tool(Options& options, int argc, const char* const* argv,
             const std::function<ExitCode()>& body) {
  const job::Launch alone;
  if (const auto code = start(options, argc, argv, alone)) return *code;
  try {
    const CallWatch watch(
        call_watch(alone, [](ExitCode code) { std::_Exit(static_cast<int>(code)); }));
    return finish_output(body());
  } catch (...) {
    const Failure failure = current_failure();
    report(failure, alone, {});
    return static_cast<int>(failure.code);
  }
}

}  // namespace rondo::apps
