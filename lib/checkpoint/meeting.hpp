// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/writers.hpp"

#include "checkpoint/parts.hpp"
#include "checkpoint/state_layout.hpp"

namespace rondo::checkpoint {

/// How the writers of one save find each other: by small files, complete or absent, in its hidden
/// directory. Writer 0 makes and removes that.
class Meeting {
 public:
  /// \throws UsageError  a writer that there is not, or a save_id that is no part of a file's name
  Meeting(const Writer& writer, const std::filesystem::path& directory, std::uint64_t step);

  /// Where the save is in the making.
  const std::filesystem::path& place() const noexcept { return place_; }

  // Of writer 0. \throws IoError  io; of await_parts also the others' reasons

  void leave_layout(const StateLayout& layout, std::span<const TensorSpec> tensors) const;
  /// Of all other writers.
  std::vector<Part> await_parts() const;
  /// Leaves no file of its own in the directory.
  void clean() const;
  /// Tells whoever still waits for the layout that there will be none, if that can be.
  void call_off(const Error& reason) const noexcept;

  // Of the others.

  /// \throws IoError     cannot_create: there was none in time; io: writer 0 has called it off
  /// \throws UsageError  writer 0 has other tensors
  StateLayout await_layout(std::span<const TensorSpec> tensors) const;
  /// \throws IoError  io
  void leave_part(const Part& part) const;
  /// Instead of a part, if that can be.
  void leave_failure(const Error& reason) const noexcept;

 private:
  double seconds() const;  ///< of patience
  void leave_mark() const noexcept;

  Writer writer_;
  std::filesystem::path place_;
  std::filesystem::path called_off_;  ///< exists if it is
};

}  // namespace rondo::checkpoint
