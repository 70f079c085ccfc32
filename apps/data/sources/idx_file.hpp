// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "rondo/base/parameter.hpp"

namespace rondo::apps {

/// An IDX file of bytes, plain or gzipped, read from front to back.
///
/// IDX: two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension as a
/// big-endian u32, then the elements in row-major order.
class IdxFile {
 public:
  /// Reads the header. `contents` says in messages what the file should hold.
  /// \throws IoError  missing_input: cannot be read; bad_content: not IDX of bytes with
  /// `dimensions`
  ///                  dimensions, empty, or declaring more than the file can hold
  IdxFile(const std::filesystem::path& path, std::size_t dimensions, const std::string& contents);
  ~IdxFile();
  IdxFile(IdxFile&&) noexcept;

  const std::string& path() const noexcept { return path_; }
  const Shape& shape() const noexcept { return shape_; }

  /// Reads on. \throws IoError  bad_content: the file ends before, or its compression is damaged
  void read(std::span<std::uint8_t> bytes);

  /// \throws IoError  bad_content: bytes follow behind the last element
  void require_end();

 private:
  struct Stream;
  std::size_t read_some(std::span<std::uint8_t> bytes);
  void read_header(std::size_t dimensions, const std::string& contents);
  void require_plausible_size() const;
  [[noreturn]] void fail(const std::string& problem) const;

  std::string path_;
  std::unique_ptr<Stream> stream_;
  Shape shape_;
  std::uint64_t elements_read_ = 0;
};

}  // namespace rondo::apps
