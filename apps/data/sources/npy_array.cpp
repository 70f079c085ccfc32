// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/npy_array.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo::apps {
namespace {

constexpr std::string_view magic{"\x93NUMPY", 6};
constexpr std::size_t max_header_bytes = std::size_t{1} << 16;
constexpr std::size_t max_dimensions = 8;

std::optional<DType> dtype_of_descr(std::string_view descr) {
  constexpr std::pair<std::string_view, DType> known[] = {
      {"|u1", DType::u8},  {"|b1", DType::u8},  {"<u2", DType::u16}, {"<u4", DType::u32},
      {"<i4", DType::i32}, {"<i8", DType::i64}, {"<f4", DType::f32}, {"<f8", DType::f64}};
  for (const auto& [name, dtype] : known)
    if (name == descr) return dtype;
  return std::nullopt;
}

/// What follows `'key':` in the header, which is a Python dictionary.
std::optional<std::string_view> value_of(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t begin = header.find_first_not_of(' ', at + key.size() + 3);
  return begin == std::string_view::npos ? std::nullopt : std::optional(header.substr(begin));
}

/// `(60000, 28, 28)`, as far as it is one.
std::optional<Shape> parse_shape(std::string_view text) {
  Shape shape;
  if (text.empty() || text.front() != '(') return std::nullopt;
  text.remove_prefix(1);
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.empty() || shape.size() > max_dimensions) return std::nullopt;
    if (text.front() == ')') return shape;
    std::size_t dimension = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dimension);
    if (error != std::errc()) return std::nullopt;
    shape.push_back(dimension);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
}

}  // namespace

NpyArray::NpyArray(ByteInput file) : file_(std::move(file)) {
  parse_header(read_header());
  require_size();
}

std::string NpyArray::read_header() {
  std::array<char, 8> start{};
  const std::size_t found = file_.read_some(std::as_writable_bytes(std::span(start)));
  if (std::string_view(start.data(), std::min(found, magic.size())) != magic)
    fail(fmt::format("is not an NPY file: expected it to begin with \\x93NUMPY, found {:02x}",
                     fmt::join(std::as_bytes(std::span(start).first(found)), " ")));
  const int version = start[6];
  if (version < 1 || version > 3)
    fail(fmt::format("expected NPY version 1, 2 or 3, found {}", version));
  std::array<std::uint8_t, 4> length{};
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  file_.read(std::as_writable_bytes(std::span(length).first(length_bytes)), "the header");
  const std::size_t header_bytes = std::size_t{length[0]} | std::size_t{length[1]} << 8 |
                                   std::size_t{length[2]} << 16 | std::size_t{length[3]} << 24;
  if (header_bytes > max_header_bytes)
    fail(fmt::format("expected a header of at most {} bytes, found {}", max_header_bytes,
                     header_bytes));
  std::string header(header_bytes, '\0');
  file_.read(std::as_writable_bytes(std::span(header)), "the header");
  begin_ = start.size() + length_bytes + header_bytes;
  return header;
}

void NpyArray::parse_header(const std::string& header) {
  const auto descr = value_of(header, "descr");
  const auto order = value_of(header, "fortran_order");
  const auto shape = value_of(header, "shape");
  if (!descr || !order || !shape)
    fail("expected a header with descr, fortran_order and shape, found less");
  const std::size_t quote = descr->find('\'', 1);
  const std::string_view type =
      descr->front() == '\'' && quote != std::string_view::npos ? descr->substr(1, quote - 1) : "?";
  const auto dtype = dtype_of_descr(type);
  if (!dtype)
    fail(
        fmt::format("expected elements of u1, u2, u4, i4, i8, f4 or f8 (little-endian), found "
                    "'{}': save it as one of these, as in array.astype('<f4')",
                    type));
  const auto parsed = parse_shape(*shape);
  if (!parsed) fail("expected a shape of at most 8 dimensions in the header, found another text");
  dtype_ = *dtype;
  is_fortran_ = order->rfind("True", 0) == 0;
  shape_ = *parsed;
}

void NpyArray::require_size() const {
  if (shape_.empty() || std::find(shape_.begin(), shape_.end(), 0U) != shape_.end())
    fail(fmt::format("holds no samples: expected dimensions above 0, found ({})",
                     fmt::join(shape_, ", ")));
  std::uint64_t room = (file_.bytes() - begin_) / size_of(dtype_);
  for (const std::size_t dimension : shape_)
    room /= dimension;
  if (room == 0)
    fail(fmt::format("is truncated: its header declares ({}) elements of {} bytes, {} bytes follow",
                     fmt::join(shape_, ", "), size_of(dtype_), file_.bytes() - begin_));
  if (const std::uint64_t expected = begin_ + element_count(shape_) * size_of(dtype_);
      expected != file_.bytes())
    fail(fmt::format("has bytes behind its end: expected {} bytes, found {}", expected,
                     file_.bytes()));
}

void NpyArray::read_rows(std::size_t first, std::size_t count, std::span<std::byte> rows) {
  if (is_fortran_ && shape_.size() > 1) return gather_rows(first, count, rows);
  const std::size_t row_bytes = element_count(shape_) / shape_.front() * size_of(dtype_);
  file_.seek(begin_ + first * row_bytes);
  file_.read(rows.first(count * row_bytes), "elements");
}

void NpyArray::gather_rows(std::size_t first, std::size_t count, std::span<std::byte> rows) {
  const std::size_t bytes = size_of(dtype_);
  const std::size_t row_elements = element_count(shape_) / shape_.front();
  std::vector<std::byte> column(count * bytes);
  // The first dimension runs fastest: for each place in a row, the rows' elements lie together.
  for (std::size_t place = 0; place < row_elements; ++place) {
    std::size_t rest = place;
    std::size_t offset = 0;
    std::size_t stride = row_elements;
    for (std::size_t i = shape_.size(); i-- > 1;) {  // C index of `place` to Fortran offset
      stride /= shape_[i];
      offset += rest % shape_[i] * stride;
      rest /= shape_[i];
    }
    file_.seek(begin_ + (offset * shape_.front() + first) * bytes);
    file_.read(column, "elements");
    for (std::size_t row = 0; row < count; ++row)
      std::memcpy(rows.data() + (row * row_elements + place) * bytes, column.data() + row * bytes,
                  bytes);
  }
}

}  // namespace rondo::apps
