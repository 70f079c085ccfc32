// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/directories.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/host_name.hpp"
#include "rondo/base/log.hpp"
#include "rondo/base/output_error.hpp"

namespace rondo::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view final_prefix = "step-";
constexpr std::string_view hidden_prefix = ".step-";
constexpr std::string_view discarded_suffix = ".discarded";
constexpr std::string_view link_suffix = ".link";
constexpr std::string_view incomplete_suffix = ".failed.incomplete";
constexpr std::size_t step_digits = 8;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_alive(std::uint64_t process) {
  return ::kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH;
}

/// A process begins one save at a time, so what is hidden under its own number is a leftover of an
/// earlier save, or of an earlier process that had the same.
bool is_leftover(std::string_view name) {
  if (!name.starts_with(hidden_prefix)) return false;
  for (const std::string_view suffix :
       {partial_suffix, discarded_suffix, link_suffix, failed_suffix, incomplete_suffix}) {
    if (!name.ends_with(suffix)) continue;
    name.remove_suffix(suffix.size());
    const std::string of_this_host = fmt::format(".{}-", host_name());
    const std::size_t place = name.rfind(of_this_host);
    if (place == std::string_view::npos) return true;
    name.remove_prefix(place + of_this_host.size());
    const auto process = number_in(name.substr(0, name.find('-')));
    return !process || *process == static_cast<std::uint64_t>(::getpid()) || !is_alive(*process);
  }
  return false;
}

bool warn(std::string_view action, const fs::path& path, const std::error_code& error) {
  log::warning(fmt::format("cannot {} {}: {}", action, path.string(), error.message()));
  return false;
}

bool remove_or_warn(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? warn("remove", path, error) : true;
}

bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(path, error);
}

/// Takes the final name away first, so that a crash leaves nothing half-removed under it.
bool discard(const fs::path& final_path) {
  const fs::path hidden = hidden_path(final_path, this_process(), discarded_suffix);
  std::error_code error;
  fs::rename(final_path, hidden, error);
  return error ? warn("remove", final_path, error) : remove_or_warn(hidden);
}

}  // namespace

std::string this_process() {
  return fmt::format("{}-{}", host_name(), ::getpid());
}

fs::path final_path(const fs::path& directory, std::uint64_t step) {
  return directory / fmt::format("{}{:0{}}", final_prefix, step, step_digits);
}

fs::path hidden_path(const fs::path& final_path, std::string_view maker, std::string_view suffix) {
  return final_path.parent_path() /
         fmt::format(".{}.{}{}", final_path.filename().string(), maker, suffix);
}

std::optional<std::uint64_t> step_in(std::string_view name) {
  if (!name.starts_with(final_prefix)) return std::nullopt;
  name.remove_prefix(final_prefix.size());
  return name.size() < step_digits ? std::nullopt : number_in(name);
}

std::vector<Committed> list_committed(const fs::path& directory) {
  std::vector<Committed> committed;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  if (error == std::errc::no_such_file_or_directory) return committed;
  if (error)
    throw IoError(ExitCode::missing_input, fmt::format("{}: cannot look for checkpoints: {}",
                                                       directory.string(), error.message()));
  for (const auto& entry : entries)
    if (const auto step = step_in(entry.path().filename().string()))
      committed.push_back({*step, entry.path()});
  std::sort(committed.begin(), committed.end(),
            [](const Committed& a, const Committed& b) { return a.step > b.step; });
  return committed;
}

PartialDirectory::PartialDirectory(fs::path path, fs::path final_path)
    : path_(std::move(path)), final_path_(std::move(final_path)) {
  make_directories_durably(final_path_.parent_path());
  std::error_code error;
  fs::create_directory(path_, error);
  if (error)
    throw output_error(fmt::format("{}: cannot create the directory", path_.string()),
                       error.value());
}

PartialDirectory::~PartialDirectory() {
  // Its name first: another writer may be about to leave a file under it.
  const fs::path hidden = hidden_path(final_path_, this_process(), discarded_suffix);
  std::error_code error;
  fs::rename(path_, hidden, error);
  remove_or_warn(error ? path_ : hidden);
}

void PartialDirectory::publish() {
  sync_to_disk(path_);
  const bool is_exchanged =
      ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_path_.c_str(), RENAME_EXCHANGE) == 0;
  if (is_exchanged) return sync_to_disk(final_path_.parent_path());
  if (fs::exists(final_path_)) discard(final_path_);
  rename_durably(path_, final_path_);
}

void remove_leftovers(const fs::path& directory) {
  std::vector<fs::path> leftovers;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(directory, missing))
    if (is_leftover(entry.path().filename().string())) leftovers.push_back(entry.path());
  for (const fs::path& path : leftovers)
    remove_or_warn(path);
}

void point_latest_to(const fs::path& final_path) {
  const fs::path hidden = hidden_path(final_path, this_process(), link_suffix);
  const fs::path latest = final_path.parent_path() / latest_name;
  std::error_code error;
  fs::create_symlink(final_path.filename(), hidden, error);
  if (!error) fs::rename(hidden, latest, error);
  if (!error) return;
  warn("renew the link", latest, error);
  fs::remove(hidden, error);
}

std::vector<Committed> superseded(const fs::path& directory, std::uint64_t step,
                                  const Retention& retention) {
  auto committed = list_committed(directory);
  std::erase_if(committed,
                [&](const Committed& one) { return one.step > step || is_link(one.directory); });
  committed.erase(committed.begin(), committed.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                             retention.newest, committed.size())));
  std::erase_if(committed, [&](const Committed& one) {
    return retention.every > 0 && one.step % retention.every == 0;
  });
  return committed;
}

bool remove(const Committed& checkpoint) {
  return discard(checkpoint.directory);
}

}  // namespace rondo::checkpoint
