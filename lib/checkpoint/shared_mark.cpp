// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/checkpoint/writers.hpp"

#include "checkpoint/directories.hpp"

namespace rondo::checkpoint {

std::string new_save_id() {
  // From the clock, because a job that is started again may have the same process numbers.
  static std::atomic<std::int64_t> next{std::chrono::system_clock::now().time_since_epoch() /
                                        std::chrono::nanoseconds(1)};
  return fmt::format("{}-{}", this_process(), next++);
}

SharedMark::SharedMark(const std::filesystem::path& directory)
    : name_(fmt::format(".step-mark.{}.partial", new_save_id())) {
  make_directories_durably(directory);
  path_ = directory / name_;
  write_file_atomically(path_, "Made to find out which processes see this directory.\n");
}

SharedMark::~SharedMark() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

bool shows_old_content(const std::filesystem::path& directory) {
  // As statfs(2) has them; the header of the kernel lacks some.
  constexpr std::array<std::uint32_t, 6> nfs_smb_afs_9p{0x6969,     0x517b,     0xff534d42,
                                                        0xfe534d42, 0x5346414f, 0x01021997};
  struct statfs system {};
  if (::statfs(directory.c_str(), &system) != 0) return false;
  return std::ranges::find(nfs_smb_afs_9p, static_cast<std::uint32_t>(system.f_type)) !=
         nfs_smb_afs_9p.end();
}

bool is_marked(const std::filesystem::path& directory, const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(directory / name, error) &&
         ::access(directory.c_str(), W_OK | X_OK) == 0;
}

}  // namespace rondo::checkpoint
