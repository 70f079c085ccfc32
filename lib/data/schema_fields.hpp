// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "data/problems.hpp"
#include "data/schema.hpp"

/// The fields of a split, from HDF5's headers.
namespace rondo::data::schema {

struct Field {
  FieldInfo info;
  io::Hdf5Dataset dataset;
};

/// Rows of the dataset that make one sample: tokens of a stream, else 1.
inline std::size_t rows_per_sample(const FieldSpec& field) {
  return field.is_stream ? field.sample_shape.front() : 1;
}

/// All fields that `options` ask for and the split holds, image and label first. What is wrong with
/// any of them, or with their lengths, is noted; such a field may be missing from the result.
std::vector<Field> open_fields(const io::Hdf5File& file, const std::string& split,
                               const Dataset::Options& options, Problems& problems);

}  // namespace rondo::data::schema
