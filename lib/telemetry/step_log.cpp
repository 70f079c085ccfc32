// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/step_log.hpp"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

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

bool ends_within_a_line(int file) {
  struct stat status = {};
  if (::fstat(file, &status) != 0 || status.st_size == 0) return false;
  char last = '\n';
  return ::pread(file, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

}  // namespace

std::string to_json(std::initializer_list<Field> fields) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const Field& field : fields)
    object[std::string(field.name())] = json_value(field.value());
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

StepLog::StepLog(const std::filesystem::path& path, Mode mode) {
  const int truncate = mode == Mode::fresh ? O_TRUNC : 0;
  FileDescriptor file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | truncate, 0666));
  if (!file) throw output_error(fmt::format("cannot create the step log {}", path.string()), errno);
  file_ = AppendFile(path, std::move(file));
  if (ends_within_a_line(file_.descriptor())) file_.append("\n");
}

void StepLog::write(std::initializer_list<Field> fields) {
  if (file_) file_.append(to_json(fields) + '\n');
}

}  // namespace rondo::telemetry
