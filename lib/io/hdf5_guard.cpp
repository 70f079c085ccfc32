// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_guard.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"

#include "io/hdf5_input_driver.hpp"
#include "io/object_header.hpp"

namespace rondo::io {
namespace {

/// Of version 1, the longest, as far as the address of the root group.
constexpr std::size_t superblock_bytes = 76;
constexpr std::uint64_t undefined_address = ~std::uint64_t{0};
constexpr std::string_view signature{"\x89HDF\r\n\x1a\n", 8};

[[noreturn]] void throw_missing(const std::string& path, const std::string& reason) {
  throw IoError(ExitCode::missing_input, fmt::format("{}: cannot read: {}", path, reason));
}

[[noreturn]] void throw_bad(const Hdf5Place& place, const std::string& problem) {
  const std::string object = place.object.empty() ? "" : fmt::format("{}: ", place.object);
  throw IoError(ExitCode::bad_content, fmt::format("{}: {}{}", place.path, object, problem));
}

std::uint64_t little_endian(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  return value;
}

/// What the superblock says that is looked at before HDF5 does.
struct Superblock {
  std::uint64_t file_bytes = 0;
  std::uint64_t root_header = 0;
  std::uint64_t extension_header = undefined_address;
};

/// Addresses and lengths of 8 bytes are all that HDF5 has written since version 1.2.
Superblock superblock_of(std::string_view header, const std::string& path) {
  const auto version = static_cast<unsigned char>(header[8]);
  const std::size_t sizes = version <= 1 ? 13 : 9;
  if (version > 3 || header[sizes] != 8 || header[sizes + 1] != 8)
    throw_bad({path}, fmt::format("has a superblock of version {}, for addresses of {} bytes; "
                                  "expected version 0 to 3 and 8 bytes",
                                  version, static_cast<int>(header[sizes])));
  if (version >= 2)
    return {little_endian(header, 28), little_endian(header, 36), little_endian(header, 20)};
  const std::size_t further = version == 0 ? 0 : 4;
  return {little_endian(header, 40 + further), little_endian(header, 64 + further)};
}

DType dtype_of_type(hid_t type, const Hdf5Place& place) {
  for (const DType dtype :
       {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8, DType::u16, DType::u32})
    if (H5Tequal(type, file_type(dtype)) > 0) return dtype;
  throw_bad(place,
            fmt::format("expected elements of f32, f64, i32, i64, u8, u16 or u32 (little-endian), "
                        "found another type of {} bytes",
                        H5Tget_size(type)));
}

void require_own_storage(hid_t properties, const Hdf5Place& place) {
  if (H5Pget_layout(properties) == H5D_VIRTUAL)
    throw_bad(place, "is a virtual dataset; expected its elements in this file");
  if (H5Pget_external_count(properties) != 0)
    throw_bad(place, "has external storage; expected its elements in this file");
}

void require_known_filters(hid_t properties, const Hdf5Place& place, Hdf5Header& header) {
  const int filters = H5Pget_nfilters(properties);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    std::size_t values = 1;
    unsigned value = 0;
    const H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags,
                                               &values, &value, 0, nullptr, nullptr);
    if (filter == H5Z_FILTER_FLETCHER32)
      header.storage.checksum = true;
    else if (filter == H5Z_FILTER_SHUFFLE)
      header.storage.shuffle = true;
    else if (filter == H5Z_FILTER_DEFLATE && header.storage.deflate_level == 0)
      header.storage.deflate_level = static_cast<int>(std::clamp(value, 1U, 9U));
    else
      throw_bad(place, fmt::format("uses filter {}; expected none but deflate once, shuffle and "
                                   "Fletcher32 (h5repack can convert the file)",
                                   filter));
  }
}

std::vector<hsize_t> dimensions_of(hid_t space, const Hdf5Place& place) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL)
    throw_bad(place, "has no elements (null space)");
  const int rank = checked(H5Sget_simple_extent_ndims(space), ExitCode::bad_content, place,
                           "cannot read the shape");
  std::vector<hsize_t> dimensions(static_cast<std::size_t>(rank));
  checked(H5Sget_simple_extent_dims(space, dimensions.data(), nullptr), ExitCode::bad_content,
          place, "cannot read the shape");
  return dimensions;
}

/// bytes per element times all dimensions, or none if that passes 2^63.
std::optional<std::uint64_t> declared_bytes(std::size_t element_bytes,
                                            const std::vector<hsize_t>& dimensions) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (std::find(dimensions.begin(), dimensions.end(), 0U) != dimensions.end()) return 0;
  std::uint64_t bytes = element_bytes;
  for (const hsize_t dimension : dimensions) {
    if (dimension > limit / bytes) return std::nullopt;
    bytes *= dimension;
  }
  return bytes;
}

std::uint64_t file_bytes_of(hid_t dataset, const Hdf5Place& place) {
  const auto file =
      checked_handle(H5Iget_file_id(dataset), ExitCode::bad_content, place, "cannot find the file");
  hsize_t bytes = 0;
  checked(H5Fget_filesize(file.get(), &bytes), ExitCode::io, place, "cannot find the file's size");
  return bytes;
}

/// Nothing is declared that the file does not hold, so that no buffer is larger than the file
/// (times deflate's ratio) and no missing part reads as zeros.
void require_elements_present(hid_t dataset, hid_t space, const std::vector<hsize_t>& dimensions,
                              const Hdf5Header& header, const Hdf5Place& place) {
  const auto declared = declared_bytes(size_of(header.dtype), dimensions);
  const auto one_chunk = declared_bytes(size_of(header.dtype),
                                        {header.storage.chunk.begin(), header.storage.chunk.end()});
  const std::uint64_t file_bytes = file_bytes_of(dataset, place);
  const std::uint64_t stored = H5Dget_storage_size(dataset);
  const std::uint64_t expansion = header.storage.deflate_level > 0 ? deflate_ratio_limit : 1;
  const std::uint64_t held = std::min(stored, file_bytes);
  if (!declared || *declared / expansion > held)
    throw_bad(place,
              fmt::format("declares shape ({}), more than the {} bytes stored for it can hold",
                          fmt::join(dimensions, ", "), held));
  if (declared != 0 && (!one_chunk || *one_chunk / expansion > held))
    throw_bad(place,
              fmt::format("declares chunks of shape ({}), more than the {} bytes stored can hold",
                          fmt::join(header.storage.chunk, ", "), held));
  if (stored > file_bytes)
    throw_bad(place, fmt::format("claims {} stored bytes, the file has {}", stored, file_bytes));
  if (header.storage.chunk.empty() || *declared == 0) return;

  hsize_t chunks = 0;
  checked(H5Dget_num_chunks(dataset, space, &chunks), ExitCode::bad_content, place,
          "cannot count the chunks");
  std::uint64_t expected = 1;
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    expected *= (dimensions[i] - 1) / header.storage.chunk[i] + 1;
  if (chunks != expected)
    throw_bad(place, fmt::format("expected {} chunks, found {}", expected, chunks));
}

void require_range_in_file(hid_t dataset, const Hdf5Place& place) {
  const haddr_t offset = H5Dget_offset(dataset);
  const std::uint64_t bytes = H5Dget_storage_size(dataset);
  const std::uint64_t file_bytes = file_bytes_of(dataset, place);
  if (bytes > 0 && (offset == HADDR_UNDEF || offset > file_bytes || bytes > file_bytes - offset))
    throw_bad(place,
              fmt::format("its {} bytes do not lie within the file's {}", bytes, file_bytes));
}

Shape chunk_shape(hid_t properties, std::size_t rank, const Hdf5Place& place) {
  std::vector<hsize_t> chunk(rank);
  const int chunk_rank = checked(H5Pget_chunk(properties, static_cast<int>(rank), chunk.data()),
                                 ExitCode::bad_content, place, "cannot read the chunk shape");
  if (static_cast<std::size_t>(chunk_rank) != rank ||
      std::find(chunk.begin(), chunk.end(), 0U) != chunk.end())
    throw_bad(place, "has a chunk shape that does not fit its dimensions");
  return {chunk.begin(), chunk.end()};
}

}  // namespace

void require_intact_file(const std::string& path) {
  // O_NONBLOCK: a named pipe must not block here, only be refused.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0)
    throw_missing(path, std::generic_category().message(errno));
  if (!S_ISREG(status.st_mode))
    throw_missing(path, S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");

  std::array<char, superblock_bytes> buffer{};
  const ssize_t count = ::pread(file.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) throw_missing(path, std::generic_category().message(errno));
  const std::string_view header(buffer.data(), static_cast<std::size_t>(count));
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);

  if (header.substr(0, signature.size()) != signature)
    throw_bad({path},
              fmt::format("is not an HDF5 file: expected signature {:02x}, found {}",
                          fmt::join(std::as_bytes(std::span(signature)), " "),
                          header.empty()
                              ? "an empty file"
                              : fmt::format("{:02x}",
                                            fmt::join(std::as_bytes(std::span(header.substr(0, 8))),
                                                      " "))));
  if (header.size() < superblock_bytes)
    throw_bad({path}, fmt::format("is truncated: expected at least {} bytes, found {}",
                                  superblock_bytes, file_bytes));
  const Superblock superblock = superblock_of(header, path);
  if (superblock.file_bytes > file_bytes)
    throw_bad({path}, fmt::format("is truncated: expected {} bytes, found {}",
                                  superblock.file_bytes, file_bytes));
  const Hdf5Place place{path};
  const ReadAt read = [&](std::uint64_t address, std::span<std::byte> bytes) {
    read_within(file.get(), file_bytes, address, bytes, place);
  };
  for (const std::uint64_t address : {superblock.root_header, superblock.extension_header})
    if (address != undefined_address) require_sound(read_header(address, read, place), place);
}

Hdf5Header require_plain_dataset(hid_t dataset, const Hdf5Place& place) {
  const auto properties = checked_handle(H5Dget_create_plist(dataset), ExitCode::bad_content, place,
                                         "cannot read the properties");
  Hdf5Header header;
  // First of all: asking a virtual dataset for its shape would already open its source files.
  require_own_storage(properties.get(), place);
  require_known_filters(properties.get(), place, header);

  const auto type =
      checked_handle(H5Dget_type(dataset), ExitCode::bad_content, place, "cannot read the type");
  header.dtype = dtype_of_type(type.get(), place);
  const auto space =
      checked_handle(H5Dget_space(dataset), ExitCode::bad_content, place, "cannot read the shape");
  const auto dimensions = dimensions_of(space.get(), place);
  header.shape = {dimensions.begin(), dimensions.end()};
  const H5D_layout_t layout = H5Pget_layout(properties.get());
  if (layout == H5D_CHUNKED)
    header.storage.chunk = chunk_shape(properties.get(), dimensions.size(), place);
  if (layout == H5D_CONTIGUOUS) require_range_in_file(dataset, place);
  require_elements_present(dataset, space.get(), dimensions, header, place);
  return header;
}

}  // namespace rondo::io
