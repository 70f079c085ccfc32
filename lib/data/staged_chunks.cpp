// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/staged_chunks.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/log.hpp"

#include "base/watched_read.hpp"

namespace rondo::data {
namespace {

using std::chrono::milliseconds;

/// At the start the others may be removing gigabytes; later a chunk rather stays uncopied.
constexpr milliseconds patience_at_start(30'000);
constexpr milliseconds patience(1'000);

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

bool read_all(int descriptor, std::span<std::byte> bytes, std::uint64_t offset) {
  const WatchedRead watched(descriptor, offset, bytes.size());
  while (!bytes.empty()) {
    const ssize_t count =
        ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

/// Returns 0 or errno.
int write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

/// Returns 0 or errno; a file system that cannot reserve finds out when it writes.
int reserve_on_disk(int descriptor, std::uint64_t bytes) {
  if (::fallocate(descriptor, 0, 0, static_cast<off_t>(bytes)) == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR ? 0 : errno;
}

std::string place_prefix(const StagedChunks::Key& key) {
  return to_hex(key.place) + "-";
}

}  // namespace

StagedChunks::StagedChunks(const StageOptions& options, Key key, std::string name)
    : directory_(options), key_(key), name_(std::move(name)), set_(open_set()) {}

StagedChunks::~StagedChunks() {
  try {
    if (const auto turn = directory_.take_turn(patience)) set_.mark_used();
  } catch (const IoError& problem) {
    log::warning(problem.what());
  }
}

StageSet StagedChunks::open_set() {
  const auto turn = directory_.take_turn(patience_at_start);
  if (!turn)
    throw IoError(ExitCode::io,
                  fmt::format("{}: locked by another process for {} s", directory_.path().string(),
                              patience_at_start.count() / 1000));
  const std::string folder = place_prefix(key_) + to_hex(key_.state);
  directory_.remove_sets(place_prefix(key_), folder);
  StageSet set(directory_.path() / folder);
  if (set.try_lock(LockKind::exclusive)) set.recover();
  set.try_lock(LockKind::shared);  // nobody has it alone but in their turn
  set.mark_used();
  return set;
}

std::uint64_t StagedChunks::hash(std::size_t chunk, std::span<const std::byte> stored) const {
  const std::array<std::uint64_t, 3> what{key_.place, key_.state, chunk};
  return content_hash(stored, content_hash(std::as_bytes(std::span(what))));
}

bool StagedChunks::read(std::size_t chunk, std::span<std::byte> stored) {
  const FileDescriptor file(
      ::open(set_.chunk_path(chunk).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return false;
  struct stat status = {};
  std::uint64_t expected = 0;
  const bool is_good =
      ::fstat(file.get(), &status) == 0 &&
      static_cast<std::uint64_t>(status.st_size) == stored.size() + sizeof expected &&
      read_all(file.get(), stored, 0) &&
      read_all(file.get(), std::as_writable_bytes(std::span(&expected, 1)), stored.size()) &&
      hash(chunk, stored) == expected;
  if (!is_good) drop(chunk);
  return is_good;
}

void StagedChunks::drop(std::size_t chunk) {
  const std::string path = set_.chunk_path(chunk).string();
  if (!has_warned_.exchange(true))
    log::warning(
        fmt::format("{}: a damaged copy of {}'s chunk {}: read from its file again, as "
                    "all such",
                    path, name_, chunk));
  try {
    const auto turn = directory_.take_turn(patience);
    struct stat status = {};
    if (turn && ::lstat(path.c_str(), &status) == 0 && ::unlink(path.c_str()) == 0)
      set_.subtract_bytes(StageSet::occupied(static_cast<std::uint64_t>(status.st_size)));
  } catch (const IoError& problem) {
    stop(problem.what());
  }
}

void StagedChunks::keep(std::size_t chunk, std::span<const std::byte> stored) {
  if (is_stopped_) return;
  const std::uint64_t expected = hash(chunk, stored);
  const std::uint64_t bytes = stored.size() + sizeof expected;
  try {
    const FileDescriptor file = reserve(chunk, bytes);
    if (!file) return;
    int error = write_all(file.get(), stored);
    if (error == 0) error = write_all(file.get(), std::as_bytes(std::span(&expected, 1)));
    if (error == 0 &&
        ::rename(set_.partial_path(chunk).c_str(), set_.chunk_path(chunk).c_str()) != 0)
      error = errno;
    if (error != 0) give_up(chunk, bytes, reason_of(error));
  } catch (const std::exception& problem) {  // filesystem_error too: somebody removes folders
    stop(problem.what());
  }
}

FileDescriptor StagedChunks::reserve(std::size_t chunk, std::uint64_t bytes) {
  const auto turn = directory_.take_turn(patience);
  if (!turn || ::access(set_.chunk_path(chunk).c_str(), F_OK) == 0) return {};
  if (!directory_.make_room(StageSet::occupied(bytes))) {
    stop(fmt::format("the budget of {} bytes is used up by data sets in use",
                     directory_.budget_bytes()));
    return {};
  }
  // Counted first: a process that is killed in between has counted too much, never too little.
  set_.add_bytes(StageSet::occupied(bytes));
  FileDescriptor file(::open(set_.partial_path(chunk).c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  int error = file ? 0 : errno;
  // Whoever had the file before may have finished the chunk since the look at it.
  if (error == 0 && ::access(set_.chunk_path(chunk).c_str(), F_OK) == 0) error = EEXIST;
  if (error == 0) error = reserve_on_disk(file.get(), bytes);
  if (error == 0) return file;
  if (file) ::unlink(set_.partial_path(chunk).c_str());
  set_.subtract_bytes(StageSet::occupied(bytes));
  if (error != EEXIST) stop(reason_of(error));
  return {};
}

void StagedChunks::give_up(std::size_t chunk, std::uint64_t bytes, const std::string& reason) {
  ::unlink(set_.partial_path(chunk).c_str());
  if (const auto turn = directory_.take_turn(patience))
    set_.subtract_bytes(StageSet::occupied(bytes));
  stop(reason);
}

void StagedChunks::stop(const std::string& reason) {
  if (is_stopped_.exchange(true)) return;
  log::warning(fmt::format("{}: no more chunks of {} are copied: {}", directory_.path().string(),
                           name_, reason));
}

}  // namespace rondo::data
