// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::apps {

/// One `key = value` of a configuration file.
struct ConfigEntry {
  std::string key;
  std::string text;  ///< the value, without quotes and escapes
  int line = 0;
};

/// Reads the flat part of TOML: `key = value` lines with numbers, booleans and one-line strings
/// ("basic" or 'literal'), and comments. No tables, arrays or dates.
///
/// (CLI11's own reader cuts strings at `#`, knows no escapes, and forgets line numbers.)
/// \throws IoError  missing_input: cannot be read; bad_content: not such a file; both name the
/// place
std::vector<ConfigEntry> read_config_file(const std::filesystem::path& file);

/// `text` as a TOML string that read_config_file turns back into `text`.
std::string toml_string(std::string_view text);

}  // namespace rondo::apps
