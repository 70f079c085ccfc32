// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/step_log.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/log.hpp"
#include "rondo/base/output_error.hpp"

namespace rondo::telemetry {
namespace {

/// The double whose shortest decimal is that of the float: 0.1F becomes 0.1, not 0.100000001.
double shortest_double(float value) {
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

nlohmann::ordered_json json_value(const Field::Value& value) {
  return std::visit(
      [](auto alternative) -> nlohmann::ordered_json {
        if constexpr (std::is_same_v<decltype(alternative), float>)
          return shortest_double(alternative);
        else
          return alternative;
      },
      value);
}

std::string describe(int error) {
  return std::generic_category().message(error);
}

bool ends_within_a_line(int file) {
  struct stat status = {};
  if (::fstat(file, &status) != 0 || status.st_size == 0) return false;
  char last = '\n';
  return ::pread(file, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

/// Takes back what a failed write left of a line.
void drop_partial_line(int file, ssize_t written) {
  struct stat status = {};
  if (written <= 0 || ::fstat(file, &status) != 0) return;
  [[maybe_unused]] const int result = ::ftruncate(file, status.st_size - written);
}

}  // namespace

std::string to_json(std::initializer_list<Field> fields) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const Field& field : fields)
    object[std::string(field.name())] = json_value(field.value());
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

StepLog::StepLog(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
  const int truncate = mode == Mode::fresh ? O_TRUNC : 0;
  file_ = FileDescriptor(
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | truncate, 0666));
  if (!file_)
    throw output_error(fmt::format("cannot create the step log {}", path_.string()), errno);
  if (ends_within_a_line(file_.get()) && ::write(file_.get(), "\n", 1) != 1) warn_once(errno);
}

void StepLog::write(std::initializer_list<Field> fields) {
  if (!file_) return;
  const std::string line = to_json(fields) + '\n';
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return;
  warn_once(written < 0 ? errno : ENOSPC);
  drop_partial_line(file_.get(), written);
}

void StepLog::sync() {
  // Pipes and terminals have no device behind them.
  if (file_ && ::fsync(file_.get()) != 0 && errno != EINVAL) warn_once(errno);
}

void StepLog::warn_once(int error) {
  if (std::exchange(warned_, true)) return;
  log::warning(fmt::format("cannot write to {}: {}; lines are missing from now on, the run goes on",
                           path_.string(), describe(error)));
}

}  // namespace rondo::telemetry
