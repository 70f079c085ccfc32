// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/csv_records.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {
namespace {

constexpr std::size_t buf_bytes = std::size_t{1} << 18;
constexpr std::size_t max_cell_bytes = std::size_t{1} << 16;
constexpr std::size_t max_cells = std::size_t{1} << 20;

}  // namespace

CsvRecords::CsvRecords(ByteInput file, char separator)
    : file_(std::move(file)), separator_(separator), buf_(buf_bytes) {}

int CsvRecords::peek() {
  if (position_ == end_) {
    position_ = 0;
    end_ = file_.read_some(std::as_writable_bytes(std::span(buf_)));
    if (end_ == 0) return end_of_file;
  }
  return static_cast<unsigned char>(buf_[position_]);
}

int CsvRecords::get() {
  const int character = peek();
  if (character != end_of_file) ++position_;
  if (character == '\n') ++line_;
  return character;
}

bool CsvRecords::next(std::vector<std::string>& cells) {
  cells.clear();
  while (peek() == '\n' || peek() == '\r')
    get();
  record_line_ = line_;
  if (peek() == end_of_file) return false;
  for (;;) {
    std::string& cell = cells.emplace_back();
    if (cells.size() > max_cells) fail(fmt::format("expected at most {} cells", max_cells));
    peek() == '"' ? read_quoted(cell) : read_plain(cell);
    const int end = get();
    if (end == separator_) continue;
    if (end == '\r' && peek() == '\n') get();
    return true;
  }
}

void CsvRecords::read_quoted(std::string& cell) {
  get();
  for (;;) {
    const int character = get();
    if (character == end_of_file) fail("a quoted cell has no end: expected \"");
    if (character != '"')
      append(cell, character);
    else if (peek() == '"')
      append(cell, get());
    else
      break;
  }
  const int behind = peek();
  if (behind != separator_ && behind != '\n' && behind != '\r' && behind != end_of_file)
    fail(fmt::format("expected the cell to end behind its closing quote, found '{}'",
                     static_cast<char>(behind)));
}

void CsvRecords::read_plain(std::string& cell) {
  for (int character = peek(); character != separator_ && character != '\n' && character != '\r' &&
                               character != end_of_file;
       character = peek())
    append(cell, get());
}

void CsvRecords::append(std::string& cell, int character) {
  if (cell.size() == max_cell_bytes)
    fail(fmt::format("expected cells of at most {} bytes (is it a CSV file?)", max_cell_bytes));
  cell += static_cast<char>(character);
}

void CsvRecords::fail(const std::string& problem) const {
  throw IoError(ExitCode::bad_content,
                fmt::format("{}:{}: {}", file_.name(), record_line_, problem));
}

}  // namespace rondo::apps
