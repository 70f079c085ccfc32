// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "apps/forged_checkpoint.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/hash.hpp"

#include "support/io_errors.hpp"

namespace rondo::test {
namespace {

using nlohmann::json;

/// Of blocks, one after another.
std::string block_hashes(std::string_view bytes, std::size_t block_bytes) {
  std::string text;
  for (std::size_t begin = 0; begin < bytes.size(); begin += block_bytes)
    text += to_hex(content_hash(bytes.substr(begin, block_bytes)));
  return text;
}

/// Of what is in none of the tensors, which do not overlap.
std::string structure_hash(const std::string& state, const json& tensors,
                           const std::function<std::size_t(std::size_t)>& bytes_of) {
  std::vector<std::pair<std::size_t, std::size_t>> extents;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (bytes_of(i) > 0) extents.emplace_back(tensors[i]["offset"].get<std::size_t>(), bytes_of(i));
  std::sort(extents.begin(), extents.end());
  extents.emplace_back(state.size(), 0);
  std::string structure;
  std::size_t end = 0;
  for (const auto& [offset, bytes] : extents) {
    if (offset > end && offset <= state.size()) structure += state.substr(end, offset - end);
    end = offset + bytes;
  }
  return to_hex(content_hash(structure));
}

}  // namespace

ForgedCheckpoint::ForgedCheckpoint(std::filesystem::path directory)
    : directory_(std::move(directory)),
      manifest_(json::parse(read_file(directory_ / "manifest.json"))) {}

std::size_t ForgedCheckpoint::number_of(std::string_view prefix) const {
  std::size_t number = 0;
  while (!name(number).starts_with(prefix))
    ++number;
  return number;
}

std::size_t ForgedCheckpoint::bytes(std::size_t number) const {
  std::size_t bytes = sizeof(float);
  for (const json& length : manifest_["tensors"][number]["shape"])
    bytes *= length.get<std::size_t>();
  return bytes;
}

void ForgedCheckpoint::edit_state(const std::function<void(hid_t file)>& change) const {
  const hid_t file = H5Fopen(state().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  change(file);
  ASSERT_GE(H5Fclose(file), 0);
}

void ForgedCheckpoint::replace(std::size_t number, hid_t type, hid_t properties,
                               const std::vector<hsize_t>& shape) {
  std::vector<hsize_t> dimensions = shape;
  if (dimensions.empty()) tensor(number)["shape"].get_to(dimensions);
  std::vector<float> elements(bytes(number) / sizeof(float));
  edit_state([&](hid_t file) {
    const std::string path = name(number);
    const hid_t old = H5Dopen2(file, path.c_str(), H5P_DEFAULT);
    H5Dread(old, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements.data());
    H5Dclose(old);
    H5Ldelete(file, path.c_str(), H5P_DEFAULT);
    const hid_t space =
        H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr);
    const hid_t made =
        H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    ASSERT_GE(made, 0);
    if (shape.empty())
      H5Dwrite(made, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements.data());
    H5Dclose(made);
    H5Sclose(space);
  });
}

std::size_t ForgedCheckpoint::place_of(std::size_t number) const {
  haddr_t place = HADDR_UNDEF;
  edit_state([&](hid_t file) {
    const hid_t dataset = H5Dopen2(file, name(number).c_str(), H5P_DEFAULT);
    const hid_t properties = H5Dget_create_plist(dataset);
    if (H5Pget_layout(properties) == H5D_CHUNKED) {
      hsize_t stored = 0;
      unsigned skipped = 0;
      std::vector<hsize_t> origin(H5S_MAX_RANK);
      const hid_t space = H5Dget_space(dataset);
      H5Dget_chunk_info(dataset, space, 0, origin.data(), &skipped, &place, &stored);
      H5Sclose(space);
    } else {
      place = H5Dget_offset(dataset);
    }
    H5Pclose(properties);
    H5Dclose(dataset);
  });
  return place == HADDR_UNDEF ? 0 : place;
}

void ForgedCheckpoint::commit() {
  const std::string content = read_file(state());
  const std::size_t block_bytes = manifest_["state"]["block_bytes"];
  for (std::size_t i = 0; i < manifest_["tensors"].size(); ++i) {
    const std::size_t offset = tensor(i)["offset"];
    if (block_bytes == 0 || offset > content.size() || bytes(i) > content.size() - offset) continue;
    const std::string hashes =
        block_hashes(std::string_view(content).substr(offset, bytes(i)), block_bytes);
    tensor(i)["blocks"] = hashes;
    tensor(i)["xxh3"] = to_hex(content_hash(hashes));
  }
  manifest_["state"]["bytes"] = content.size();
  manifest_["state"]["structure_xxh3"] =
      structure_hash(content, manifest_["tensors"], [this](std::size_t i) { return bytes(i); });
  sign();
}

void ForgedCheckpoint::sign() {
  manifest_.erase("xxh3");
  manifest_["xxh3"] = to_hex(content_hash(manifest_.dump()));
  write_file(directory_ / "manifest.json", manifest_.dump());
}

}  // namespace rondo::test
