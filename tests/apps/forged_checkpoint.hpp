// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <hdf5.h>
#include <nlohmann/json.hpp>

namespace rondo::test {

/// A checkpoint of format version 2 that is changed by somebody who knows the format: what ends up
/// in its manifest has the right hashes.
class ForgedCheckpoint {
 public:
  explicit ForgedCheckpoint(std::filesystem::path directory);

  std::filesystem::path state() const { return directory_ / "state.h5"; }
  /// As it will be written; hashes are for commit().
  nlohmann::json& manifest() { return manifest_; }
  /// What it says of the tensor of that number.
  nlohmann::json& tensor(std::size_t number) { return manifest_["tensors"][number]; }
  /// Of the first tensor whose name begins so.
  std::size_t number_of(std::string_view prefix) const;
  std::string name(std::size_t number) const { return manifest_["tensors"][number]["name"]; }
  std::size_t bytes(std::size_t number) const;

  /// Changes the state file through HDF5.
  void edit_state(const std::function<void(hid_t file)>& change) const;
  /// Makes a dataset of that type and those properties of the tensor's, with its elements as far as
  /// they fit and its shape or another.
  void replace(std::size_t number, hid_t type, hid_t properties,
               const std::vector<hsize_t>& shape = {});
  /// Where the elements are in the state file: contiguous, or of a single chunk. Else 0.
  std::size_t place_of(std::size_t number) const;

  /// Writes the manifest, with the hashes of what is in the state file now.
  void commit();
  /// Writes the manifest, with a hash of itself alone.
  void sign();

 private:
  std::filesystem::path directory_;
  nlohmann::json manifest_;
};

}  // namespace rondo::test
