// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/data/dataset.hpp"

#include "data/problems.hpp"
#include "io/hdf5.hpp"

/// The file format of README.md, known to no other part of the project.
namespace rondo::data::schema {

inline constexpr const char* format_name = "rondo-dataset";
inline constexpr std::int64_t version = 1;
inline constexpr std::size_t max_classes = std::size_t{1} << 20;
/// Attributes are small in HDF5: no list of more numbers is written.
inline constexpr std::size_t max_attribute_numbers = 4096;

inline constexpr const char* image = "image";
inline constexpr const char* label = "label";

/// True if `file` says that it is a data set; \throws IoError  of another format or version
bool is_rondo_file(const io::Hdf5File& file);

/// The groups at the root that hold fields, "train" first; of a foreign file, the splits that `map`
/// names, and those of train, test and validation that its paths lead to.
std::vector<std::string> split_names(const io::Hdf5File& file, const FieldMap& map = {});

/// One split of an open file, checked; datasets in the order of info.fields.
struct Split {
  DatasetInfo info;
  std::vector<io::Hdf5Dataset> datasets;
};

/// \throws IoError  bad_content: every field that differs from the format, expected and found
Split read_split(const io::Hdf5File& file, const std::string& split,
                 const Dataset::Options& options);

/// The same from headers and attributes alone: no sample is read, so that label_counts, label_hash
/// and notes are empty, and classes, mean and deviation are what the file says. What is wrong is
/// noted, and such a field may be missing. \throws IoError  bad_content: not a data set
Split read_headers(const io::Hdf5File& file, const std::string& split,
                   const Dataset::Options& options, Problems& problems);

}  // namespace rondo::data::schema
