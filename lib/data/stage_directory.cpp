// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/stage_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>

#include "rondo/base/output_error.hpp"

#include "data/file_lock.hpp"
#include "data/stage_set.hpp"

namespace rondo::data {
namespace {

namespace fs = std::filesystem;

/// Whatever else is in the user's directory is left alone. The number is the format's version.
constexpr const char* folder_name = "rondo-stage-1";
constexpr const char* lock_name = "lock";

fs::path make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) throw output_error(fmt::format("cannot use {}", folder.string()), problem.value());
  return folder;
}

FileDescriptor open_lock(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file) throw output_error(fmt::format("cannot use {}", path.string()), errno);
  return file;
}

std::vector<StageSet> sets_in(const fs::path& folder) {
  std::vector<StageSet> sets;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.is_directory()) sets.emplace_back(entry.path());
  return sets;
}

}  // namespace

StageDirectory::StageDirectory(const StageOptions& options)
    : path_(make_folder(options.directory / folder_name)), budget_bytes_(options.budget_bytes) {
  open_lock(path_ / lock_name);
}

std::optional<StageDirectory::Turn> StageDirectory::take_turn(std::chrono::milliseconds patience) {
  const fs::path path = path_ / lock_name;
  FileDescriptor file = open_lock(path);
  if (!lock_file(file.get(), LockKind::exclusive, patience, path)) return std::nullopt;
  return Turn(std::move(file));
}

bool StageDirectory::make_room(std::uint64_t bytes) {
  if (bytes > budget_bytes_) return false;
  std::vector<StageSet> sets = sets_in(path_);
  std::uint64_t used = 0;
  for (const StageSet& set : sets)
    used += set.bytes();
  if (used + bytes <= budget_bytes_) return true;
  std::sort(sets.begin(), sets.end(), [](const StageSet& left, const StageSet& right) {
    return left.last_used() < right.last_used();
  });
  // A little more than asked for, so that not every chunk goes through a folder's list.
  const std::uint64_t slack = budget_bytes_ / 64;
  for (StageSet& set : sets) {
    if (set.bytes() == 0 || !set.try_lock(LockKind::exclusive)) continue;
    used -= std::min(used, set.shrink(used + bytes - budget_bytes_ + slack));
    if (used + bytes <= budget_bytes_) return true;
  }
  return false;
}

void StageDirectory::remove_sets(std::string_view prefix, std::string_view kept) {
  for (StageSet& set : sets_in(path_)) {
    const std::string name = set.folder().filename().string();
    if (name.starts_with(prefix) && name != kept && set.try_lock(LockKind::exclusive))
      set.shrink(UINT64_MAX);
  }
}

}  // namespace rondo::data
