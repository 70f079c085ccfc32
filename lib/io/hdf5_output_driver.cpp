// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_output_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::io {
namespace {

constexpr haddr_t max_address = std::uint64_t{1} << 62;

/// HDF5 handles it by the address of its first member.
struct OutputFile {
  H5FD_t base = {};
  FileDescriptor descriptor;
  haddr_t allocated = 0;  ///< HDF5's end of allocation
  haddr_t written = 0;    ///< end of what was written, or dropped
  int error = 0;          ///< errno of the first failure
};

/// Of the file closed last; guarded by the library's lock.
int& closing_error() {
  static int error = 0;
  return error;
}

/// Guarded by the library's lock, too.
std::optional<std::vector<RawWrite>>& recorded() {
  static std::optional<std::vector<RawWrite>> writes;
  return writes;
}

OutputFile* output(H5FD_t* file) {
  return reinterpret_cast<OutputFile*>(file);
}
const OutputFile* output(const H5FD_t* file) {
  return reinterpret_cast<const OutputFile*>(file);
}

H5FD_t* open_file(const char* name, unsigned, hid_t, haddr_t) {
  auto file = std::make_unique<OutputFile>();
  file->descriptor.reset(::open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  return file->descriptor ? &file.release()->base : nullptr;
}

herr_t close_file(H5FD_t* base) {
  const std::unique_ptr<OutputFile> file(output(base));
  if (::close(file->descriptor.release()) != 0 && file->error == 0) file->error = errno;
  closing_error() = file->error;
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t allocated_end(const H5FD_t* file, H5FD_mem_t) {
  return output(file)->allocated;
}

herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  output(file)->allocated = address;
  return 0;
}

haddr_t written_end(const H5FD_t* file, H5FD_mem_t) {
  return output(file)->written;
}

herr_t file_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = output(file);
  return 0;
}

/// What lies beyond the end, or was dropped, reads as zeros.
herr_t read_bytes(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
                  void* buffer) {
  const OutputFile* file = output(base);
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
  OutputFile* file = output(base);
  const auto* bytes = static_cast<const char*>(buffer);
  file->written = std::max(file->written, address + size);
  if (type == H5FD_MEM_DRAW && recorded()) {
    recorded()->push_back({address, size});
    return 0;
  }
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
  OutputFile* file = output(base);
  if (file->error == 0 &&
      ::ftruncate(file->descriptor.get(), static_cast<off_t>(file->allocated)) != 0)
    file->error = errno;
  file->written = file->allocated;
  return 0;
}

H5FD_class_t driver_class() {
  H5FD_class_t driver = {};
  driver.name = "rondo_output";
  driver.maxaddr = max_address;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.open = open_file;
  driver.close = close_file;
  driver.query = query;
  driver.get_eoa = allocated_end;
  driver.set_eoa = set_allocated_end;
  driver.get_eof = written_end;
  driver.get_handle = file_handle;
  driver.read = read_bytes;
  driver.write = write_bytes;
  driver.truncate = truncate_to_allocated;
  const H5FD_mem_t free_lists[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(free_lists), std::end(free_lists), std::begin(driver.fl_map));
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
  static const H5FD_class_t driver = driver_class();
  auto properties = checked_handle(H5Pcreate(H5P_FILE_ACCESS), ExitCode::internal, place,
                                   "cannot set up file access");
  // Registering again after MPI_Finalize, which shuts the library down, gives a new number; while
  // files are open HDF5 keeps the class alive by itself.
  const auto registered =
      checked_handle(H5FDregister(&driver), ExitCode::internal, place, "cannot set up the driver");
  checked(H5Pset_driver(properties.get(), registered.get(), nullptr), ExitCode::internal, place,
          "cannot set up the driver");
  return properties;
}

void throw_if_output_failed(hid_t object, const Hdf5Place& place, Where where) {
  const auto file =
      checked_handle(H5Iget_file_id(object), ExitCode::internal, place, "cannot find the file");
  void* handle = nullptr;
  checked(H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &handle), ExitCode::internal, place,
          "cannot find the driver");
  const int error = static_cast<const OutputFile*>(handle)->error;
  if (error != 0) throw_error(error, place, where);
}

void throw_if_closing_failed(const Hdf5Place& place, Where where) {
  if (closing_error() != 0) throw_error(closing_error(), place, where);
}

RawWriteRecorder::RawWriteRecorder() {
  recorded().emplace();
}

RawWriteRecorder::~RawWriteRecorder() {
  recorded().reset();
}

std::vector<RawWrite> RawWriteRecorder::take() {
  return std::exchange(*recorded(), {});
}

}  // namespace rondo::io
