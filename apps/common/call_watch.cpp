// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/call_watch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "common/failure.hpp"

namespace rondo::apps {
namespace {

using std::chrono::milliseconds;

constexpr double most_seconds = 1e7;

milliseconds limit_or(milliseconds usual) {
  const char* const wish = std::getenv("RONDO_CALL_LIMIT");  // NOLINT(concurrency-mt-unsafe)
  if (wish == nullptr) return usual;
  char* end = nullptr;
  const double seconds = std::strtod(wish, &end);
  if (end == wish || *end != '\0' || !(seconds >= 0.001 && seconds <= most_seconds))
    throw ConfigError(fmt::format("RONDO_CALL_LIMIT is '{}', expected seconds from 0.001 to {:.0f}",
                                  wish, most_seconds));
  return milliseconds(static_cast<std::int64_t>(1000 * seconds));
}

}  // namespace

CallWatch::Options call_watch(const job::Launch& launch, std::function<void(ExitCode)> leave) {
  CallWatch::Options options;
  options.limit = limit_or(options.limit);
  options.warning = std::min(options.warning, options.limit / 4);
  options.end = [launch, leave = std::move(leave)](ExitCode code, const std::string& what) {
    report({.code = code, .message = what}, launch, {});
    leave(code);
  };
  return options;
}

}  // namespace rondo::apps
