// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "rondo/checkpoint/reader.hpp"

#include "checkpoint/manifest.hpp"

namespace rondo::checkpoint {

/// The state file of one format version. Thread-safe.
class Reader::State {
 public:
  virtual ~State() = default;

  /// Reads and verifies elements of the manifest's tensor of that number; they are within it.
  virtual void read(std::size_t tensor, std::size_t first, std::span<float> elements) const = 0;
  /// As Reader::start.
  virtual std::unique_ptr<Reading> start(std::size_t tensor, std::size_t first,
                                         std::span<float> elements) const;
  virtual void verify_structure() const = 0;
  /// All that read() and verify_structure() would not, too.
  virtual void verify_all() const = 0;
};

/// Of the current version. \throws IoError  as Reader
std::unique_ptr<const Reader::State> open_blocks(const std::filesystem::path& path,
                                                 Manifest manifest);
/// Of version 1. \throws IoError  as Reader
std::unique_ptr<const Reader::State> open_version_1(const std::filesystem::path& path,
                                                    Manifest manifest);

/// \throws IoError  bad_content: the file is shorter or longer
void require_size(const std::filesystem::path& path, std::uint64_t found, std::uint64_t expected);

}  // namespace rondo::checkpoint
