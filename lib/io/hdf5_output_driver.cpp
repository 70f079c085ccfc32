// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_output_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace rondo::io {
namespace {

struct OutputFile : DriverFile {
  haddr_t written = 0;  ///< end of what was written, or dropped
  int error = 0;        ///< errno of the first failure
};

/// Of the file closed last; guarded by the library's lock.
int& closing_error() {
  static int error = 0;
  return error;
}

H5FD_t* open_file(const char* name, unsigned, hid_t, haddr_t) {
  auto file = std::make_unique<OutputFile>();
  file->descriptor.reset(::open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  return file->descriptor ? &file.release()->base : nullptr;
}

herr_t close_file(H5FD_t* base) {
  const std::unique_ptr<OutputFile> file(driver_file<OutputFile>(base));
  if (::close(file->descriptor.release()) != 0 && file->error == 0) file->error = errno;
  closing_error() = file->error;
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t written_end(const H5FD_t* file, H5FD_mem_t) {
  return driver_file<OutputFile>(file)->written;
}

/// What lies beyond the end, or was dropped, reads as zeros.
herr_t read_bytes(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
                  void* buffer) {
  const auto* file = driver_file<OutputFile>(base);
  auto* bytes = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t count = ::pread(file->descriptor.get(), bytes, size, static_cast<off_t>(address));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    bytes += count;
    address += static_cast<haddr_t>(count);
    size -= static_cast<std::size_t>(count);
  }
  std::memset(bytes, 0, size);
  return 0;
}

herr_t write_bytes(H5FD_t* base, H5FD_mem_t type, hid_t, haddr_t address, std::size_t size,
                   const void* buffer) {
  auto* file = driver_file<OutputFile>(base);
  const auto* bytes = static_cast<const char*>(buffer);
  file->written = std::max(file->written, address + size);
  if (RawWriteRecorder::note(type, {address, size})) return 0;
  while (size > 0 && file->error == 0) {
    const ssize_t count =
        ::pwrite(file->descriptor.get(), bytes, size, static_cast<off_t>(address));
    if (count < 0) {
      if (errno != EINTR) file->error = errno;
      continue;
    }
    bytes += count;
    address += static_cast<haddr_t>(count);
    size -= static_cast<std::size_t>(count);
  }
  return 0;
}

herr_t truncate_to_allocated(H5FD_t* base, hid_t, hbool_t) {
  auto* file = driver_file<OutputFile>(base);
  if (file->error == 0 &&
      ::ftruncate(file->descriptor.get(), static_cast<off_t>(file->allocated)) != 0)
    file->error = errno;
  file->written = file->allocated;
  return 0;
}

const H5FD_class_t& output_driver() {
  static const H5FD_class_t driver = [] {
    H5FD_class_t made = make_driver("rondo_output");
    made.open = open_file;
    made.close = close_file;
    made.query = query;
    made.get_eof = written_end;
    made.read = read_bytes;
    made.write = write_bytes;
    made.truncate = truncate_to_allocated;
    return made;
  }();
  return driver;
}

[[noreturn]] void throw_error(int error, const Hdf5Place& place, Where where) {
  throw IoError(
      ExitCode::io,
      fmt::format("{}: cannot write: {}", place.path, std::generic_category().message(error)),
      where);
}

}  // namespace

Hdf5Handle output_access_properties(const Hdf5Place& place) {
  return driver_access_properties(output_driver(), place);
}

void throw_if_output_failed(hid_t object, const Hdf5Place& place, Where where) {
  const DriverFile& file = driver_file_of(object, output_driver(), place);
  const int error = static_cast<const OutputFile&>(file).error;
  if (error != 0) throw_error(error, place, where);
}

void throw_if_closing_failed(const Hdf5Place& place, Where where) {
  if (closing_error() != 0) throw_error(closing_error(), place, where);
}

}  // namespace rondo::io
