// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/failure.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <thread>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/host_name.hpp"
#include "rondo/base/printable.hpp"

namespace rondo::apps {
namespace {

constexpr auto turn = std::chrono::milliseconds(20);

}  // namespace

Failure current_failure() {
  try {
    throw;
  } catch (const AgreedError& error) {
    return {.code = error.code(), .message = error.what(), .agreed = true};
  } catch (const UsageError& error) {
    return {.code = error.code(),
            .message = fmt::format("{} ({}:{}; a bug in the program, please report it)",
                                   error.what(), error.where().file, error.where().line)};
  } catch (const Error& error) {
    return {.code = error.code(), .message = error.what()};
  } catch (const std::bad_alloc&) {
    return {.code = ExitCode::internal,
            .message = "out of memory: use smaller batches, or fewer ranks on a machine"};
  } catch (const std::filesystem::filesystem_error& error) {
    return {.code = ExitCode::io, .message = error.what()};
  } catch (const std::exception& error) {
    return {.code = ExitCode::internal,
            .message = fmt::format("{} (a bug in the program, please report it)", error.what())};
  } catch (...) {
    return {.code = ExitCode::internal, .message = "unknown exception (a bug in the program)"};
  }
}

std::string error_line(const Failure& failure, const job::Launch& launch) {
  const std::string message = printable_lines(failure.message);
  if (failure.agreed || launch.size == 1) return fmt::format("error: {}\n", message);
  const std::string host = launch.spans_hosts() ? fmt::format(" on {}", host_name()) : "";
  return fmt::format("[rank {}{}] error: {}\n", launch.rank, host, message);
}

void report(const Failure& failure, const job::Launch& launch, std::chrono::milliseconds patience) {
  if (failure.agreed && launch.rank != 0) return;
  if (launch.rank != 0) std::this_thread::sleep_for(patience + std::min(launch.rank, 50) * turn);
  const std::string line = error_line(failure, launch);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace rondo::apps
