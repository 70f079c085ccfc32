// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "rondo/checkpoint/inspect.hpp"

namespace rondo::checkpoint {

/// The step that a final name stands for. Nothing: it is no such name.
std::optional<std::uint64_t> step_in(std::string_view name);

/// HOST-PID.
std::string this_process();

/// `step-NNNNNNNN` below `directory`.
std::filesystem::path final_path(const std::filesystem::path& directory, std::uint64_t step);

/// What hidden names beside a final name end in.
inline constexpr std::string_view partial_suffix = ".partial";
inline constexpr std::string_view failed_suffix = ".failed";

/// `.step-NNNNNNNN.MAKER` and the suffix, beside the final name. `maker` begins with HOST-PID.
std::filesystem::path hidden_path(const std::filesystem::path& final_path, std::string_view maker,
                                  std::string_view suffix);

/// The directory of a checkpoint in the making, beside its final name. Removed with the object.
class PartialDirectory {
 public:
  /// Creates it, a hidden_path() of the final one, and what is missing above it.
  /// \throws IoError  cannot_create, or io on a full disk
  PartialDirectory(std::filesystem::path path, std::filesystem::path final_path);
  ~PartialDirectory();
  PartialDirectory(const PartialDirectory&) = delete;
  PartialDirectory& operator=(const PartialDirectory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  const std::filesystem::path& final_path() const noexcept { return final_path_; }

  /// fsync, rename to the final name, fsync of the parent. A checkpoint of the same step is
  /// replaced in one exchange where the file system can. \throws IoError  io
  void publish();

 private:
  std::filesystem::path path_;
  std::filesystem::path final_path_;
};

/// Removes hidden directories, half-written or half-removed, whose makers are gone: all but those
/// of live processes of this host.
void remove_leftovers(const std::filesystem::path& directory);

/// Makes `latest` beside a checkpoint a link to it. A failure is a warning: nothing in Rondo needs
/// the link.
void point_latest_to(const std::filesystem::path& final_path);

}  // namespace rondo::checkpoint
