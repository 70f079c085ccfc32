// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/stage_set.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "rondo/base/output_error.hpp"

namespace rondo::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* set_name = "set";
constexpr const char* partial_extension = ".partial";

FileDescriptor open_set(const fs::path& folder) {
  std::error_code problem;
  fs::create_directory(folder, problem);
  if (problem) throw output_error(fmt::format("cannot use {}", folder.string()), problem.value());
  const fs::path path = folder / set_name;
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file) throw output_error(fmt::format("cannot use {}", path.string()), errno);
  return file;
}

}  // namespace

StageSet::StageSet(fs::path folder) : folder_(std::move(folder)), file_(open_set(folder_)) {}

fs::path StageSet::chunk_path(std::size_t chunk) const {
  return folder_ / fmt::format("{}", chunk);
}

fs::path StageSet::partial_path(std::size_t chunk) const {
  return folder_ / fmt::format("{}{}", chunk, partial_extension);
}

bool StageSet::try_lock(LockKind kind) {
  return lock_file(file_.get(), kind, std::chrono::milliseconds(0), folder_ / set_name);
}

std::uint64_t StageSet::occupied(std::uint64_t file_bytes) noexcept {
  constexpr std::uint64_t block = 4096;
  return (file_bytes + block - 1) / block * block;
}

StageSet::Record StageSet::record() const noexcept {
  Record record;
  const bool is_there = ::pread(file_.get(), &record, sizeof record, 0) == sizeof record;
  return is_there ? record : Record{};
}

void StageSet::write(const Record& record) {
  if (::pwrite(file_.get(), &record, sizeof record, 0) != sizeof record)
    throw output_error(fmt::format("cannot write {}", (folder_ / set_name).string()), errno);
}

void StageSet::add_bytes(std::uint64_t more) {
  Record changed = record();
  changed.bytes += more;
  write(changed);
}

void StageSet::subtract_bytes(std::uint64_t less) {
  Record changed = record();
  changed.bytes -= std::min(changed.bytes, less);
  write(changed);
}

void StageSet::mark_used() {
  Record changed = record();
  changed.last_used_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
  write(changed);
}

void StageSet::recover() {
  std::uint64_t counted = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename() == set_name) continue;
    std::error_code gone;
    if (entry.path().extension() == partial_extension)
      fs::remove(entry.path(), gone);
    else if (const std::uintmax_t size = entry.file_size(gone); !gone)
      counted += occupied(size);
  }
  write({.bytes = counted, .last_used_ns = last_used()});
}

std::uint64_t StageSet::shrink(std::uint64_t wanted) {
  std::uint64_t removed = 0;
  bool is_empty = true;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename() == set_name) continue;
    std::error_code problem;
    const std::uintmax_t size = entry.file_size(problem);
    if (removed < wanted && !problem && fs::remove(entry.path(), problem))
      removed += occupied(size);
    else
      is_empty = false;
  }
  if (is_empty) {
    std::error_code ignored;
    fs::remove(folder_ / set_name, ignored);
    fs::remove(folder_, ignored);
  } else {
    subtract_bytes(removed);
  }
  return removed;
}

}  // namespace rondo::data
