// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/hashed_json.hpp"

#include <cstdint>
#include <span>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "checkpoint/file_bytes.hpp"

namespace rondo::checkpoint {
namespace {

using nlohmann::json;

/// Of the compact text with sorted keys, which does not depend on layout.
std::string hash_of(const json& document) {
  return to_hex(content_hash(document.dump()));
}

}  // namespace

std::string hashed_text(json document) {
  try {
    document[hash_key] = hash_of(document);
    return document.dump(1) + "\n";
  } catch (const json::type_error& e) {
    throw UsageError(fmt::format("a checkpoint's names and metadata must be UTF-8: {}", e.what()));
  }
}

json parse_flat(std::string_view text, const std::string& path) {
  constexpr int deepest = 4;
  constexpr std::size_t most_values = std::size_t{1} << 24;  // of a million tensors
  std::size_t values = 0;
  return json::parse(text, [&](int depth, json::parse_event_t, const json&) {
    if (depth > deepest)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: is nested too deeply for a manifest", path));
    // Each takes several times the memory of its text.
    if (++values > most_values)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: has more values than a manifest", path));
    return true;
  });
}

void require_own_hash(json& document, const std::string& path) {
  const auto stated = document.at(hash_key).get<std::string>();
  document.erase(hash_key);
  const std::string found = hash_of(document);
  if (stated != found)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: its content has hash {}, expected {}: it was changed or damaged",
                              path, found, stated));
}

std::string read_text(const std::filesystem::path& path) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of blocks of 64 TB of tensors
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error)))
    throw IoError(ExitCode::missing_input, fmt::format("{}: missing or unreadable", path.string()));
  const FileBytes file(path, FileBytes::Access::read);
  const std::uint64_t bytes = file.size();
  if (bytes > most_bytes)
    throw IoError(ExitCode::bad_content, fmt::format("{}: has {} bytes, expected at most {}",
                                                     path.string(), bytes, most_bytes));
  std::string text(bytes, '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace rondo::checkpoint
