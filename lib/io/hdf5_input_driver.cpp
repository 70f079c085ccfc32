// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_input_driver.hpp"

#include <cerrno>
#include <memory>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/watched_read.hpp"
#include "io/btree_guard.hpp"

namespace rondo::io {
namespace {

struct InputFile : DriverFile {
  FileIdentity identity;
  BtreeGuard trees;
};

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
  delete driver_file<InputFile>(file);
  return 0;
}

/// No accumulation of metadata: each node of a tree is then read by itself.
herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t file_end(const H5FD_t* file, H5FD_mem_t) {
  return driver_file<InputFile>(file)->identity.bytes;
}

bool read_fully(int descriptor, std::uint64_t offset, std::span<std::byte> bytes) {
  const WatchedRead watched(descriptor, offset, bytes.size());
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
  auto* file = driver_file<InputFile>(base);
  if (address > file->identity.bytes || size > file->identity.bytes - address) return -1;
  try {
    if (RawReadRecorder::note(type, {address, size})) return 0;
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

const H5FD_class_t& input_driver() {
  static const H5FD_class_t driver = [] {
    H5FD_class_t made = make_driver("rondo_input");
    made.open = open_file;
    made.close = close_file;
    made.query = query;
    made.get_eof = file_end;
    made.read = read_bytes;
    made.write = write_bytes;
    return made;
  }();
  return driver;
}

const InputFile& input_of(hid_t object, const Hdf5Place& place) {
  return static_cast<const InputFile&>(driver_file_of(object, input_driver(), place));
}

}  // namespace

Hdf5Handle input_access_properties(const Hdf5Place& place) {
  return driver_access_properties(input_driver(), place);
}

FileIdentity identity_of_input(hid_t object, const Hdf5Place& place) {
  return input_of(object, place).identity;
}

void require_unchanged_input(hid_t object, const Hdf5Place& place) {
  const auto* input =
      static_cast<const InputFile*>(find_driver_file(object, input_driver(), place));
  const std::string path(place.path);
  if (input == nullptr || identity_of(input->descriptor.get(), path) == input->identity) return;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: {}: may hold something else than when the file was opened; {}",
                            path, place.object, change_since(input->identity, path)));
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

}  // namespace rondo::io
