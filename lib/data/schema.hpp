// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/data/dataset.hpp"

#include "io/hdf5.hpp"

/// The file format of README.md, known to no other file.
namespace rondo::data::schema {

inline constexpr const char* format_name = "rondo-dataset";
inline constexpr std::int64_t version = 1;
inline constexpr std::size_t max_classes = 256;  ///< labels are u8

inline std::string image_name(const std::string& split) {
  return split + "/image";
}
inline std::string label_name(const std::string& split) {
  return split + "/label";
}

/// One split of an open file, checked.
struct Split {
  DatasetInfo info;
  io::Hdf5Dataset image;
  std::vector<std::uint8_t> labels;
};

/// \throws IoError  bad_content: every field that differs from the format, expected and found
Split read_split(const io::Hdf5File& file, const std::string& split);

}  // namespace rondo::data::schema
