// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/dtype.hpp"
#include "rondo/base/parameter.hpp"

#include "data/sources/byte_input.hpp"

namespace rondo::apps {

/// A NumPy array in a file (.npy, versions 1 to 3), read by rows of its first dimension.
class NpyArray {
 public:
  /// \throws IoError  bad_content: not NPY, elements of no type of ours, empty, or not as long as
  ///                  its header says
  explicit NpyArray(ByteInput file);

  const std::string& name() const noexcept { return file_.name(); }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }

  /// Rows [first, first + count) in C order, whatever the file's order is.
  void read_rows(std::size_t first, std::size_t count, std::span<std::byte> rows);

  [[noreturn]] void fail(const std::string& problem) const { file_.fail(problem); }

 private:
  std::string read_header();
  void parse_header(const std::string& header);
  void require_size() const;
  void gather_rows(std::size_t first, std::size_t count, std::span<std::byte> rows);

  ByteInput file_;
  std::uint64_t begin_ = 0;  ///< of the elements
  DType dtype_ = DType::u8;
  bool is_fortran_ = false;
  Shape shape_;
};

}  // namespace rondo::apps
