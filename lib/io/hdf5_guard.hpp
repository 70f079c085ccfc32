// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "io/hdf5_library.hpp"

/// The checks that make reading a foreign file safe; see Hdf5File::open for what they promise.
namespace rondo::io {

/// Deflate's best ratio: 258 bytes from two bits.
inline constexpr std::uint64_t deflate_ratio_limit = 1032;

/// Looks at the bytes before HDF5 does: a readable regular file, HDF5's signature, and as long as
/// its superblock says. \throws IoError  missing_input or bad_content
void require_intact_file(const std::string& path);

/// What a plain dataset is, as read from its creation properties and dataspace.
struct Hdf5Header {
  DType dtype = DType::f32;
  Shape shape;
  Hdf5Storage storage;
};

/// Reads and checks a dataset's header without touching its elements, and before anything that
/// could open another file. \throws IoError  bad_content, naming what is not plain
Hdf5Header require_plain_dataset(hid_t dataset, const Hdf5Place& place);

}  // namespace rondo::io
