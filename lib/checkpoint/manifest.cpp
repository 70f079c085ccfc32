// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/manifest.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "checkpoint/hashed_json.hpp"
#include "checkpoint/manifest_guard.hpp"

namespace rondo::checkpoint {
namespace {

using nlohmann::json;

constexpr const char* structure_key = "structure_xxh3";

IoError bad_content(const std::string& path, const std::string& problem) {
  return {ExitCode::bad_content, fmt::format("{}: {}", path, problem)};
}

std::uint64_t from_hex(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

json to_json(const TensorEntry& tensor, const StoredTensor& stored) {
  return {{"name", tensor.name},
          {"shape", tensor.shape},
          {"dtype", "f32"},
          {"offset", stored.extent.offset},
          {"blocks", text_of(stored.block_hashes)},
          {hash_key, to_hex(tensor.hash)}};
}

TensorEntry tensor_from(const json& entry, const std::string& path) {
  TensorEntry tensor{entry.at("name").get<std::string>(), entry.at("shape").get<Shape>(),
                     from_hex(entry.at(hash_key).get<std::string>())};
  const auto dtype = entry.at("dtype").get<std::string>();
  if (dtype != "f32")
    throw bad_content(path, fmt::format("{}: expected dtype f32, found {}", tensor.name, dtype));
  return tensor;
}

StoredTensor stored_from(const json& entry, const TensorEntry& tensor, const std::string& path) {
  auto hashes = hashes_in(entry.at("blocks").get_ref<const std::string&>());
  if (!hashes)
    throw bad_content(path,
                      fmt::format("{}: the hashes of its blocks are unreadable", tensor.name));
  return {{entry.at("offset").get<std::uint64_t>(), sizeof(float) * element_count(tensor.shape)},
          std::move(*hashes)};
}

/// Of a version that has passed require_format.
Manifest manifest_from(const json& document, const std::string& path) {
  const json& state = document.at("state");
  Manifest manifest{.version = document.at("version").get<int>(),
                    .step = document.at("step").get<std::uint64_t>(),
                    .metadata = document.at("metadata").get<Metadata>(),
                    .state = {.bytes = state.at("bytes").get<std::uint64_t>()},
                    .tensors = {},
                    .stored = {}};
  const bool has_blocks = manifest.version > 1;
  manifest.state.hash =
      from_hex(state.at(has_blocks ? structure_key : hash_key).get<std::string>());
  if (has_blocks) manifest.state.block_bytes = state.at("block_bytes").get<std::uint64_t>();
  for (const json& entry : document.at("tensors")) {
    manifest.tensors.push_back(tensor_from(entry, path));
    manifest.stored.push_back(has_blocks ? stored_from(entry, manifest.tensors.back(), path)
                                         : StoredTensor());
  }
  return manifest;
}

void require_format(const json& document, const std::string& path) {
  const auto format = document.at("format").get<std::string>();
  if (format != format_name)
    throw bad_content(path, fmt::format("expected format {}, found {}", format_name, format));
  const auto version = document.at("version").get<int>();
  if (version < 1 || version > format_version)
    throw bad_content(path, fmt::format("expected version 1 to {}, found {}: use the release of "
                                        "Rondo that wrote it",
                                        format_version, version));
}

}  // namespace

void add_tensor(Manifest& manifest, const std::string& name, const Shape& shape,
                StoredTensor stored) {
  manifest.tensors.push_back({name, shape, hash_over(stored.block_hashes)});
  manifest.stored.push_back(std::move(stored));
}

std::string to_text(const Manifest& manifest) {
  json document{{"format", format_name},
                {"version", format_version},
                {"step", manifest.step},
                {"metadata", manifest.metadata},
                {"state",
                 {{"bytes", manifest.state.bytes},
                  {"block_bytes", manifest.state.block_bytes},
                  {structure_key, to_hex(manifest.state.hash)}}},
                {"tensors", json::array()}};
  for (std::size_t i = 0; i < manifest.tensors.size(); ++i)
    document["tensors"].push_back(to_json(manifest.tensors[i], manifest.stored[i]));
  return hashed_text(std::move(document));
}

Manifest parse_manifest(std::string_view text, const std::string& path) {
  try {
    json document = parse_flat(text, path);
    require_format(document, path);
    require_own_hash(document, path);
    Manifest manifest = manifest_from(document, path);
    require_sound(manifest, path);
    return manifest;
  } catch (const json::exception& e) {
    throw bad_content(path, fmt::format("is not a manifest: {}", e.what()));
  }
}

Manifest read_manifest(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / manifest_name;
  return parse_manifest(read_text(path), path.string());
}

}  // namespace rondo::checkpoint
