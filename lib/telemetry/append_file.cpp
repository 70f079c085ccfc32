// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/append_file.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/log.hpp"

namespace rondo::telemetry {
namespace {

/// Takes back what a failed write left of an entry.
void drop_partial_entry(int file, ssize_t written) {
  struct stat status = {};
  if (written <= 0 || ::fstat(file, &status) != 0) return;
  [[maybe_unused]] const int result = ::ftruncate(file, status.st_size - written);
}

}  // namespace

void AppendFile::append(std::string_view entry) {
  if (!file_) return;
  const ssize_t written = ::write(file_.get(), entry.data(), entry.size());
  if (written == static_cast<ssize_t>(entry.size())) return;
  warn_once(written < 0 ? errno : ENOSPC);
  drop_partial_entry(file_.get(), written);
}

void AppendFile::sync() {
  // Pipes and terminals have no device behind them.
  if (file_ && ::fsync(file_.get()) != 0 && errno != EINVAL) warn_once(errno);
}

void AppendFile::warn_once(int error) {
  if (std::exchange(warned_, true)) return;
  log::warning(
      fmt::format("cannot write to {}: {}; entries are missing there from now on, the run "
                  "goes on",
                  path_.string(), std::generic_category().message(error)));
}

}  // namespace rondo::telemetry
