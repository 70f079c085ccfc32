// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "rondo/base/file_descriptor.hpp"

#include "io/hdf5_library.hpp"

/// What the drivers for files that are read and for files that are written share.
namespace rondo::io {

/// An open file of a driver; HDF5 handles it by the address of its first member.
struct DriverFile {
  H5FD_t base = {};
  FileDescriptor descriptor;
  haddr_t allocated = 0;  ///< HDF5's end of allocation
};

/// `File` is derived from DriverFile.
template <class File>
File* driver_file(H5FD_t* file) {
  return static_cast<File*>(reinterpret_cast<DriverFile*>(file));
}
template <class File>
const File* driver_file(const H5FD_t* file) {
  return static_cast<const File*>(reinterpret_cast<const DriverFile*>(file));
}

/// A driver of DriverFiles that lacks opening, closing, query, the file's end, reading and writing.
H5FD_class_t make_driver(const char* name);

/// File access properties that select the driver, which must live as long as the program. Call
/// within a Hdf5Scope.
Hdf5Handle driver_access_properties(const H5FD_class_t& driver, const Hdf5Place& place);

/// The file that `object` is in; none if another driver opened it.
DriverFile* find_driver_file(hid_t object, const H5FD_class_t& driver, const Hdf5Place& place);

/// The same. \throws UsageError  another driver opened it
DriverFile& driver_file_of(hid_t object, const H5FD_class_t& driver, const Hdf5Place& place);

/// A piece of a dataset's elements that HDF5 wanted to read or to write.
struct RawPiece {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// For its lifetime, and while the library's lock is held, elements of datasets are not moved in
/// one direction: what would have been is noted.
template <class Direction>
class RawRecorder {
 public:
  RawRecorder() { pieces_.emplace(); }
  ~RawRecorder() { pieces_.reset(); }
  RawRecorder(const RawRecorder&) = delete;
  RawRecorder& operator=(const RawRecorder&) = delete;

  /// What was wanted since the last call.
  static std::vector<RawPiece> take() { return std::exchange(*pieces_, {}); }

  /// For the driver: notes the piece if there is a recorder, and says whether there is.
  static bool note(H5FD_mem_t type, RawPiece piece) {
    if (type != H5FD_MEM_DRAW || !pieces_) return false;
    pieces_->push_back(piece);
    return true;
  }

 private:
  static inline std::optional<std::vector<RawPiece>> pieces_;
};

}  // namespace rondo::io
