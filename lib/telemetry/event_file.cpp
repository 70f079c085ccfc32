// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/event_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/host_name.hpp"
#include "rondo/base/output_error.hpp"

#include "telemetry/event_record.hpp"

namespace rondo::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_begin = "events.out.tfevents.";

void make_directory(const fs::path& directory) {
  std::error_code problem;
  fs::create_directories(directory, problem);
  if (problem)
    throw output_error(
        fmt::format("cannot create the directory of event files {}", directory.string()),
        problem.value());
}

/// The seconds in the name of an event file; 0 of another file.
std::int64_t seconds_in(std::string_view name) {
  constexpr std::size_t digits = 10;
  if (!name.starts_with(name_begin)) return 0;
  const std::string_view text = name.substr(name_begin.size(), digits);
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

/// The greatest number in the names of the event files in `directory`.
std::int64_t newest_seconds(const fs::path& directory) {
  std::int64_t newest = 0;
  std::error_code problem;
  for (fs::directory_iterator entry(directory, problem), end; !problem && entry != end;
       entry.increment(problem))
    newest = std::max(newest, seconds_in(entry->path().filename().string()));
  return newest;
}

fs::path new_path(const fs::path& directory, EventFile::Time now) {
  const auto today = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::int64_t seconds = std::max<std::int64_t>(today, newest_seconds(directory) + 1);
  return directory / fmt::format("{}{:010}.{}.{}", name_begin, seconds, host_name(), ::getpid());
}

}  // namespace

EventFile::EventFile(const fs::path& directory, std::uint64_t first_step, Time now) {
  make_directory(directory);
  const fs::path path = new_path(directory, now);
  FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
  if (!file)
    throw output_error(fmt::format("cannot create the event file {}", path.string()), errno);
  file_ = AppendFile(path, std::move(file));
  file_.append(to_record(version_event(now)) + to_record(start_event(now, first_step)));
}

void EventFile::write(std::uint64_t step, std::initializer_list<Scalar> scalars, Time now) {
  if (file_) file_.append(to_record(scalars_event(now, step, scalars)));
}

}  // namespace rondo::telemetry
