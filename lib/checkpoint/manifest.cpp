// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/manifest.hpp"

#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::checkpoint {
namespace {

using nlohmann::json;

constexpr const char* hash_key = "xxh3";

IoError bad_content(const std::string& path, const std::string& problem) {
  return {ExitCode::bad_content, fmt::format("{}: {}", path, problem)};
}

/// Of the compact text with sorted keys, which does not depend on layout.
std::string hash_of(const json& document) {
  return to_hex(content_hash(document.dump()));
}

std::uint64_t from_hex(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

json to_json(const TensorEntry& tensor) {
  return {{"name", tensor.name},
          {"shape", tensor.shape},
          {"dtype", "f32"},
          {hash_key, to_hex(tensor.hash)}};
}

TensorEntry tensor_from(const json& entry) {
  return {entry.at("name").get<std::string>(), entry.at("shape").get<Shape>(),
          from_hex(entry.at(hash_key).get<std::string>())};
}

/// Refuses nesting that no manifest has before it becomes deep recursion.
json parse_flat(std::string_view text, const std::string& path) {
  constexpr int deepest = 4;
  return json::parse(text, [&](int depth, json::parse_event_t, const json&) {
    if (depth > deepest) throw bad_content(path, "is nested too deeply for a manifest");
    return true;
  });
}

void require_format(const json& document, const std::string& path) {
  const auto format = document.at("format").get<std::string>();
  if (format != format_name)
    throw bad_content(path, fmt::format("expected format {}, found {}", format_name, format));
  const auto version = document.at("version").get<int>();
  if (version != format_version)
    throw bad_content(path, fmt::format("expected version {}, found {}: use the release of Rondo "
                                        "that wrote it",
                                        format_version, version));
}

/// Removes the hash from `document` and compares it with that of the rest.
void require_own_hash(json& document, const std::string& path) {
  const auto stated = document.at(hash_key).get<std::string>();
  document.erase(hash_key);
  const std::string found = hash_of(document);
  if (stated != found)
    throw bad_content(path, fmt::format("its content has hash {}, expected {}: it was changed or "
                                        "damaged",
                                        found, stated));
}

}  // namespace

std::string to_text(const Manifest& manifest) {
  json document{
      {"format", format_name},
      {"version", format_version},
      {"step", manifest.step},
      {"metadata", manifest.metadata},
      {"state", {{"bytes", manifest.state.bytes}, {hash_key, to_hex(manifest.state.hash)}}},
      {"tensors", json::array()}};
  for (const auto& tensor : manifest.tensors)
    document["tensors"].push_back(to_json(tensor));
  try {
    document[hash_key] = hash_of(document);
    return document.dump(1) + "\n";
  } catch (const json::type_error& e) {
    throw UsageError(fmt::format("a checkpoint's names and metadata must be UTF-8: {}", e.what()));
  }
}

Manifest parse_manifest(std::string_view text, const std::string& path) {
  try {
    json document = parse_flat(text, path);
    require_format(document, path);
    require_own_hash(document, path);
    const json& state = document.at("state");
    Manifest manifest{.step = document.at("step").get<std::uint64_t>(),
                      .metadata = document.at("metadata").get<Metadata>(),
                      .state = {state.at("bytes").get<std::uint64_t>(),
                                from_hex(state.at(hash_key).get<std::string>())},
                      .tensors = {}};
    for (const json& entry : document.at("tensors"))
      manifest.tensors.push_back(tensor_from(entry));
    return manifest;
  } catch (const json::exception& e) {
    throw bad_content(path, fmt::format("is not a manifest: {}", e.what()));
  }
}

Manifest read_manifest(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / manifest_name;
  std::ostringstream content;
  std::ifstream file(path, std::ios::binary);
  content << file.rdbuf();
  const std::string text = content.str();
  if (!file || !content || text.empty())
    throw IoError(ExitCode::missing_input, fmt::format("{}: missing or unreadable", path.string()));
  return parse_manifest(text, path.string());
}

}  // namespace rondo::checkpoint
