// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/terminal.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::telemetry {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  return value != nullptr ? value : "";
}

bool is_regular_file(int descriptor) {
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// The same stream of the parent process; null where there is no right to look.
FileDescriptor parents_stream(int descriptor) {
  const std::string path = fmt::format("/proc/{}/fd/{}", ::getppid(), descriptor);
  return FileDescriptor(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

int column_count(int terminal) {
  const std::string_view text = environment("COLUMNS");
  int columns = 0;
  std::from_chars(text.data(), text.data() + text.size(), columns);
  if (columns > 0) return columns;
  winsize size = {};
  return ::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

Terminal describe(int terminal) {
  if (::isatty(terminal) == 0 || environment("TERM") == "dumb") return {};
  return {.interactive = true,
          .color = environment("NO_COLOR").empty(),
          .columns = column_count(terminal)};
}

}  // namespace

Terminal inspect_terminal(int descriptor) {
  if (environment("OMPI_COMM_WORLD_SIZE").empty()) return describe(descriptor);
  if (is_regular_file(descriptor)) return {};
  const FileDescriptor launchers = parents_stream(descriptor);
  return launchers ? describe(launchers.get()) : Terminal{};
}

}  // namespace rondo::telemetry
