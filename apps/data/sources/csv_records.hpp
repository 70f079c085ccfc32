// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/sources/byte_input.hpp"

namespace rondo::apps {

/// Comma-separated records as in RFC 4180: cells may be quoted, with "" for a quote, and then hold
/// commas and line ends. Lines end with LF or CR LF; empty lines are passed over.
class CsvRecords {
 public:
  CsvRecords(ByteInput file, char separator);

  /// The next record's cells; false at the end.
  /// \throws IoError  bad_content: an open quote, text behind a quoted cell, an absurd length
  bool next(std::vector<std::string>& cells);

  /// Where the record that came last began, from 1.
  std::uint64_t line() const noexcept { return record_line_; }

  /// \throws IoError  bad_content: `NAME:LINE: problem`
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  static constexpr int end_of_file = -1;
  int get();
  int peek();
  void read_quoted(std::string& cell);
  void read_plain(std::string& cell);
  void append(std::string& cell, int character);

  ByteInput file_;
  char separator_;
  std::vector<char> buf_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t record_line_ = 0;
};

}  // namespace rondo::apps
