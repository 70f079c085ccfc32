// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/dtype.hpp"
#include "rondo/base/parameter.hpp"

namespace rondo::data {

/// One named array of a data set: (samples, sample_shape...), or a stream of tokens.
struct FieldSpec {
  std::string name;  ///< "image" (C, H, W), "label" (one whole number), "token", or any other
  DType dtype = DType::u8;
  Shape sample_shape = {};  ///< of one sample; empty: one number
  /// Stored without sample borders: (tokens), of which sample_shape[0] in a row make a sample.
  bool is_stream = false;
  std::size_t vocabulary = 0;  ///< of a stream: all its tokens are below; 0: not known

  std::size_t sample_elements() const { return element_count(sample_shape); }
  std::size_t sample_bytes() const { return sample_elements() * size_of(dtype); }
  friend bool operator==(const FieldSpec&, const FieldSpec&) = default;
};

/// A field as a file holds it.
struct FieldInfo : FieldSpec {
  std::string path;               ///< of its HDF5 dataset
  std::size_t samples = 0;        ///< whole ones, for a stream
  std::size_t chunk_samples = 0;  ///< whole samples that are read at once: an HDF5 chunk, if it has
  std::uint64_t stored_bytes = 0;  ///< after filters
  bool checksum = false;           ///< the file carries a checksum of each chunk
};

/// Class labels and their like: whole numbers, one for each sample.
bool holds_labels(const FieldSpec& field);

/// `image: u8 (3, 32, 32)` or `token: u16 stream of 1024`, for messages and tables.
std::string describe(const FieldSpec& field);

/// \throws UsageError  no field of that name, naming those there are
const FieldInfo& find_field(const std::vector<FieldInfo>& fields, std::string_view name);

/// Where a file that Rondo did not write keeps its fields: HDF5 paths by name. A name is a field's
/// ("image") or one split's ("test/image", which goes first); `{split}` in a path stands for the
/// split's name. What is not named lies at split/field.
using FieldMap = std::map<std::string, std::string>;

/// From `image=/x/{split},test/label=/y`. \throws Error (usage)  not NAME=PATH, or a name twice
FieldMap parse_field_map(std::string_view text);

/// The path of `field` of `split`.
std::string field_path(const FieldMap& map, const std::string& split, const std::string& field);

/// Samples that are best stored and read together: a power of two that makes 1 to 2 MiB, or less
/// so that `samples` (0: not known) fill at least 160 chunks of at least 64 KiB, because ranks
/// share whole chunks.
std::size_t suitable_chunk_samples(std::size_t sample_bytes, std::size_t samples = 0);

}  // namespace rondo::data
