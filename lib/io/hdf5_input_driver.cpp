// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_input_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"

#include "io/btree_guard.hpp"

namespace rondo::io {
namespace {

constexpr const char* driver_name = "rondo_input";
constexpr haddr_t max_address = std::uint64_t{1} << 62;

/// HDF5 handles it by the address of its first member.
struct InputFile {
  H5FD_t base = {};
  FileDescriptor descriptor;
  FileIdentity identity;
  haddr_t end = 0;  ///< of allocation, as the superblock states it
  BtreeGuard trees;
};

/// Guarded by the library's lock.
std::optional<std::vector<RawRead>>& recorded() {
  static std::optional<std::vector<RawRead>> reads;
  return reads;
}

InputFile* input(H5FD_t* file) {
  return reinterpret_cast<InputFile*>(file);
}
const InputFile* input(const H5FD_t* file) {
  return reinterpret_cast<const InputFile*>(file);
}

H5FD_t* open_file(const char* name, unsigned flags, hid_t, haddr_t) {
  if ((flags & H5F_ACC_RDWR) != 0) return nullptr;
  try {
    auto file = std::make_unique<InputFile>();
    file->descriptor.reset(::open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file->descriptor) return nullptr;
    file->identity = identity_of(file->descriptor.get(), name);
    return &file.release()->base;
  } catch (const std::exception&) {
    return nullptr;
  }
}

herr_t close_file(H5FD_t* file) {
  delete input(file);
  return 0;
}

/// No accumulation of metadata: each node of a tree is then read by itself.
herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t allocated_end(const H5FD_t* file, H5FD_mem_t) {
  return input(file)->end;
}

herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  input(file)->end = address;
  return 0;
}

haddr_t file_end(const H5FD_t* file, H5FD_mem_t) {
  return input(file)->identity.bytes;
}

herr_t file_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = input(file);
  return 0;
}

bool read_fully(int descriptor, std::uint64_t offset, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

herr_t read_bytes(H5FD_t* base, H5FD_mem_t type, hid_t, haddr_t address, std::size_t size,
                  void* buffer) {
  InputFile* file = input(base);
  if (address > file->identity.bytes || size > file->identity.bytes - address) return -1;
  try {
    if (type == H5FD_MEM_DRAW && recorded()) {
      recorded()->push_back({address, size});
      return 0;
    }
    const std::span bytes(static_cast<std::byte*>(buffer), size);
    const int descriptor = file->descriptor.get();
    if (!read_fully(descriptor, address, bytes)) return -1;
    const auto read_more = [descriptor](std::uint64_t offset, std::span<std::byte> more) {
      return read_fully(descriptor, offset, more);
    };
    if (type != H5FD_MEM_BTREE) return 0;
    return file->trees.allows(address, bytes, base->base_addr, read_more) ? 0 : -1;
  } catch (const std::exception&) {
    return -1;  // HDF5 is C: nothing may be thrown through it
  }
}

/// HDF5 demands it; nothing is ever written.
herr_t write_bytes(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) {
  return -1;
}

H5FD_class_t driver_class() {
  H5FD_class_t driver = {};
  driver.name = driver_name;
  driver.maxaddr = max_address;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.open = open_file;
  driver.close = close_file;
  driver.query = query;
  driver.get_eoa = allocated_end;
  driver.set_eoa = set_allocated_end;
  driver.get_eof = file_end;
  driver.get_handle = file_handle;
  driver.read = read_bytes;
  driver.write = write_bytes;
  const H5FD_mem_t free_lists[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(free_lists), std::end(free_lists), std::begin(driver.fl_map));
  return driver;
}

const InputFile& input_of(hid_t object, const Hdf5Place& place) {
  const auto file =
      checked_handle(H5Iget_file_id(object), ExitCode::internal, place, "cannot find the file");
  void* handle = nullptr;
  checked(H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &handle), ExitCode::internal, place,
          "cannot find the driver");
  const auto* input = static_cast<const InputFile*>(handle);
  // Output files, too, begin with what HDF5 knows of them.
  require(std::string_view(input->base.cls->name) == driver_name,
          "only of a file that was opened for reading");
  return *input;
}

}  // namespace

Hdf5Handle input_access_properties(const Hdf5Place& place) {
  static const H5FD_class_t driver = driver_class();
  auto properties = checked_handle(H5Pcreate(H5P_FILE_ACCESS), ExitCode::internal, place,
                                   "cannot set up file access");
  // Registered again each time: see output_access_properties().
  const auto registered =
      checked_handle(H5FDregister(&driver), ExitCode::internal, place, "cannot set up the driver");
  checked(H5Pset_driver(properties.get(), registered.get(), nullptr), ExitCode::internal, place,
          "cannot set up the driver");
  return properties;
}

FileIdentity identity_of_input(hid_t object, const Hdf5Place& place) {
  return input_of(object, place).identity;
}

void read_input(hid_t object, std::uint64_t address, std::span<std::byte> bytes,
                const Hdf5Place& place) {
  const InputFile& file = input_of(object, place);
  read_within(file.descriptor.get(), file.identity.bytes, address, bytes, place);
}

void read_within(int descriptor, std::uint64_t file_bytes, std::uint64_t address,
                 std::span<std::byte> bytes, const Hdf5Place& place) {
  const bool is_within = address <= file_bytes && bytes.size() <= file_bytes - address;
  if (is_within && read_fully(descriptor, address, bytes)) return;
  const std::string object = place.object.empty() ? "" : fmt::format("{}: ", place.object);
  throw IoError(
      ExitCode::bad_content,
      fmt::format("{}: {}refers to bytes beyond the end of the file", place.path, object));
}

ReadAt input_reader(hid_t object, const Hdf5Place& place) {
  return [object, &place](std::uint64_t address, std::span<std::byte> bytes) {
    read_input(object, address, bytes, place);
  };
}

RawReadRecorder::RawReadRecorder() {
  recorded().emplace();
}

RawReadRecorder::~RawReadRecorder() {
  recorded().reset();
}

std::vector<RawRead> RawReadRecorder::take() {
  return std::exchange(*recorded(), {});
}

}  // namespace rondo::io
