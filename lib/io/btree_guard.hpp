// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>

#include "io/bytes.hpp"

namespace rondo::io {

/// Watches the metadata of a file as HDF5 reads it, and tells nodes of B-trees (version 1) that
/// would make HDF5 recurse without end: each child must be a node of the same kind and one level
/// lower, and belong to one parent only.
class BtreeGuard {
 public:
  /// Reads `bytes` at an offset of the file; false if it has none there.
  using Read = std::function<bool(std::uint64_t offset, std::span<std::byte> bytes)>;

  /// False if `bytes`, read at `offset`, are such a node. Addresses within the file count from
  /// `base`. Anything but a node of a B-tree is allowed.
  bool allows(std::uint64_t offset, std::span<const std::byte> bytes, std::uint64_t base,
              const Read& read);

 private:
  bool adopts(std::uint64_t parent, std::uint64_t child, std::byte type, unsigned level,
              const Read& read);

  std::unordered_map<std::uint64_t, std::uint64_t> parents_;
};

}  // namespace rondo::io
