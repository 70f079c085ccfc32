// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "io/bytes.hpp"
#include "io/file_identity.hpp"
#include "io/hdf5_driver.hpp"

/// Hands files to HDF5 for reading, on HDF5's terms but not its trust.
///
/// It takes no locks, opens one file, reads nothing beyond its end, and lets no B-tree pass whose
/// nodes do not form a tree: HDF5 would follow a cycle until its stack ends.
namespace rondo::io {

/// A property list for H5Fopen.
Hdf5Handle input_access_properties(const Hdf5Place& place);

/// Of the file that `object` is in, which that driver opened.
FileIdentity identity_of_input(hid_t object, const Hdf5Place& place);

/// What was read from it, if it was opened by that driver, is of the file as it was then.
/// \throws IoError  bad_content: it was changed in place since
void require_unchanged_input(hid_t object, const Hdf5Place& place);

/// Reads bytes of that file, or of another one that is open. \throws IoError  bad_content: not all
/// within the file
void read_input(hid_t object, std::uint64_t address, std::span<std::byte> bytes,
                const Hdf5Place& place);
void read_within(int descriptor, std::uint64_t file_bytes, std::uint64_t address,
                 std::span<std::byte> bytes, const Hdf5Place& place);

/// The same as a function; valid as long as `object` and `place`.
ReadAt input_reader(hid_t object, const Hdf5Place& place);

/// Buffers stay as they are. So HDF5 tells where a chunk lies; the function made for it goes
/// through all chunks for each one (H5Dget_chunk_info_by_coord in 1.10).
using RawReadRecorder = RawRecorder<struct Reading>;

}  // namespace rondo::io
