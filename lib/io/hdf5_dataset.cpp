// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "io/hdf5.hpp"
#include "io/hdf5_input_driver.hpp"
#include "io/hdf5_library.hpp"
#include "io/hdf5_output_driver.hpp"

namespace rondo::io {
namespace {

struct Selection {
  Hdf5Handle memory;
  Hdf5Handle file;
};

/// Rows [first, first + count) in the file, and the same block densely in memory.
Selection select_rows(hid_t dataset, std::size_t first, std::size_t count, const Shape& shape,
                      const Hdf5Place& place) {
  std::vector<hsize_t> start(shape.size(), 0);
  std::vector<hsize_t> block(shape.begin(), shape.end());
  start.front() = first;
  block.front() = count;
  Selection selection;
  selection.memory =
      checked_handle(H5Screate_simple(static_cast<int>(block.size()), block.data(), nullptr),
                     ExitCode::internal, place, "cannot describe the rows");
  selection.file =
      checked_handle(H5Dget_space(dataset), ExitCode::bad_content, place, "cannot read the shape");
  checked(H5Sselect_hyperslab(selection.file.get(), H5S_SELECT_SET, start.data(), nullptr,
                              block.data(), nullptr),
          ExitCode::internal, place, "cannot select the rows");
  return selection;
}

/// That of a file which is still as it was when it was opened: `read` is HDF5's word for it.
void check_read(herr_t read, hid_t dataset, const Hdf5Place& place, const std::string& problem) {
  try {
    checked(read, ExitCode::bad_content, place, problem);
  } catch (const IoError&) {
    require_unchanged_input(dataset, place);
    throw;
  }
  require_unchanged_input(dataset, place);
}

}  // namespace

std::uint64_t Hdf5Dataset::stored_bytes() const {
  const Hdf5Scope scope;
  return H5Dget_storage_size(handle_.get());
}

std::optional<std::uint64_t> Hdf5Dataset::offset() const {
  const Hdf5Scope scope;
  const haddr_t address = H5Dget_offset(handle_.get());
  return address == HADDR_UNDEF ? std::nullopt : std::optional<std::uint64_t>(address);
}

void Hdf5Dataset::require_match(DType dtype, std::size_t rows, std::size_t count) const {
  const std::size_t all_rows = shape_.empty() ? 1 : shape_.front();
  const std::size_t expected = all_rows == 0 ? 0 : element_count(shape_) / all_rows * rows;
  if (dtype != dtype_ || count != expected)
    throw UsageError(fmt::format("{}: {}: expected a buffer of {} {}, got {} {}", path_, name_,
                                 expected, name_of(dtype_), count, name_of(dtype)));
}

void Hdf5Dataset::read_all(DType dtype, void* elements, std::size_t count) const {
  require_match(dtype, shape_.empty() ? 1 : shape_.front(), count);
  const Hdf5Scope scope;
  check_read(H5Dread(handle_.get(), native_type(dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements),
             handle_.get(), {path_, name_}, "cannot read");
}

void Hdf5Dataset::write_all(DType dtype, const void* elements, std::size_t count) {
  require_match(dtype, shape_.empty() ? 1 : shape_.front(), count);
  const Hdf5Scope scope;
  checked(H5Dwrite(handle_.get(), native_type(dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements),
          ExitCode::io, {path_, name_}, "cannot write");
  throw_if_output_failed(handle_.get(), {path_, name_});
}

void Hdf5Dataset::read_rows(DType dtype, std::size_t first, std::size_t row_count, void* elements,
                            std::size_t count) const {
  require(!shape_.empty() && first <= shape_.front() && row_count <= shape_.front() - first,
          "read_rows: rows beyond the dataset");
  require_match(dtype, row_count, count);
  const Hdf5Scope scope;
  const Hdf5Place place{path_, name_};
  const Selection rows = select_rows(handle_.get(), first, row_count, shape_, place);
  check_read(H5Dread(handle_.get(), native_type(dtype), rows.memory.get(), rows.file.get(),
                     H5P_DEFAULT, elements),
             handle_.get(), place,
             fmt::format("cannot read rows {} to {}", first, first + row_count - 1));
}

void Hdf5Dataset::write_rows(DType dtype, std::size_t first, std::size_t row_count,
                             const void* elements, std::size_t count) {
  require(!shape_.empty() && first <= shape_.front() && row_count <= shape_.front() - first,
          "write_rows: rows beyond the dataset");
  require_match(dtype, row_count, count);
  const Hdf5Scope scope;
  const Hdf5Place place{path_, name_};
  const Selection rows = select_rows(handle_.get(), first, row_count, shape_, place);
  checked(H5Dwrite(handle_.get(), native_type(dtype), rows.memory.get(), rows.file.get(),
                   H5P_DEFAULT, elements),
          ExitCode::io, place, fmt::format("cannot write rows {} to {}", first, first + row_count));
  throw_if_output_failed(handle_.get(), place);
}

void Hdf5Dataset::write_chunk(std::size_t first_row, std::span<const std::byte> stored,
                              std::uint32_t skipped_filters) {
  require(!storage_.chunk.empty() && first_row < shape_.front() &&
              first_row % storage_.chunk.front() == 0,
          "write_chunk: expected the first row of a chunk");
  const Hdf5Scope scope;
  const Hdf5Place place{path_, name_};
  std::vector<hsize_t> offset(shape_.size(), 0);
  offset.front() = first_row;
  checked(H5Dwrite_chunk(handle_.get(), H5P_DEFAULT, skipped_filters, offset.data(), stored.size(),
                         stored.data()),
          ExitCode::io, place, fmt::format("cannot write the chunk of row {}", first_row));
  throw_if_output_failed(handle_.get(), place);
}

std::uint64_t Hdf5Dataset::reserve_chunk(std::size_t first_row, std::size_t stored_bytes) {
  const Hdf5Scope scope;
  const RawWriteRecorder recorder;
  // Only its address is looked at: the recorder keeps HDF5 from reading there.
  const std::byte unused{};
  write_chunk(first_row, {&unused, stored_bytes});
  const std::vector<RawPiece> writes = RawWriteRecorder::take();
  require(writes.size() == 1 && writes[0].bytes == stored_bytes,
          "reserve_chunk: HDF5 wrote something else than the chunk");
  return writes[0].offset;
}

void Hdf5Dataset::extend(std::size_t rows) {
  require(!shape_.empty() && rows >= shape_.front(), "extend: a dataset only grows");
  std::vector<hsize_t> dimensions(shape_.begin(), shape_.end());
  dimensions.front() = rows;
  const Hdf5Scope scope;
  checked(H5Dset_extent(handle_.get(), dimensions.data()), ExitCode::io, {path_, name_},
          "cannot extend");
  throw_if_output_failed(handle_.get(), {path_, name_});
  shape_.front() = rows;
}

}  // namespace rondo::io
