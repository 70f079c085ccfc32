// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "rondo/base/file_descriptor.hpp"
#include "rondo/data/batch_loader.hpp"

namespace rondo::data {

/// A directory on a local disk with copies of data sets' chunks, a StageSet for each dataset.
///
/// Any number of processes use it at once. Who changes anything waits for its turn, a lock on the
/// directory; who reads copies does not. The budget is of the whole directory: room is made at the
/// cost of the set that nobody uses and that was used longest ago, never of one in use.
class StageDirectory {
 public:
  /// Makes the directory if need be; its content lies in a folder of its own there.
  /// \throws IoError  cannot_create or io
  explicit StageDirectory(const StageOptions& options);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::uint64_t budget_bytes() const noexcept { return budget_bytes_; }

  /// While one lives, no other thread or process has one. Its descriptor is its own, as flock()
  /// keeps apart descriptors, not threads that share one; closing it ends the turn.
  class Turn {
   public:
    explicit Turn(FileDescriptor locked) noexcept : locked_(std::move(locked)) {}

   private:
    FileDescriptor locked_;
  };
  /// None if others keep it longer than `patience`. \throws IoError  io: no locks here;
  /// cannot_create
  std::optional<Turn> take_turn(std::chrono::milliseconds patience);

  /// In one's turn: whether `bytes` more are within the budget, after removing what nobody uses.
  bool make_room(std::uint64_t bytes);
  /// In one's turn: removes unused sets whose folder's name begins with `prefix`, but `kept`.
  void remove_sets(std::string_view prefix, std::string_view kept);

 private:
  std::filesystem::path path_;
  std::uint64_t budget_bytes_;
};

}  // namespace rondo::data
