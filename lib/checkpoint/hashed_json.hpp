// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// JSON objects that end in a hash of themselves.
namespace rondo::checkpoint {

inline constexpr const char* hash_key = "xxh3";

/// The text of `document` with its hash. \throws UsageError  it has texts that are not UTF-8
std::string hashed_text(nlohmann::json document);

/// Refuses deeper nesting than a manifest has before it becomes deep recursion. `path` is for
/// messages. \throws IoError  bad_content: nested too deeply
/// \throws nlohmann::json::exception  no JSON
nlohmann::json parse_flat(std::string_view text, const std::string& path);

/// Removes the hash from `document` and compares it with that of the rest.
/// \throws IoError  bad_content  \throws nlohmann::json::exception  it has none
void require_own_hash(nlohmann::json& document, const std::string& path);

/// \throws IoError  missing_input: missing, unreadable or empty
std::string read_text(const std::filesystem::path& path);

}  // namespace rondo::checkpoint
