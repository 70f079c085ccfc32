// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/chunk_map.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/hdf5_guard.hpp"
#include "io/hdf5_input_driver.hpp"

namespace rondo::io {
namespace {

constexpr std::size_t contiguous_chunk_bytes = std::size_t{1} << 20;
/// More than anybody stacks; a file's own word for it goes into a bit mask of 32.
constexpr int most_filters = 16;
/// A chunk that deflate cannot shrink grows by a few bytes; far more is a lie.
constexpr std::uint64_t growth_limit = 2;
constexpr std::uint64_t growth_bytes = 1024;

[[noreturn]] void throw_bad(const Hdf5Place& place, const std::string& problem) {
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: {}: {}", place.path, place.object, problem));
}

Filter filter_of(hid_t properties, unsigned index, const Hdf5Place& place) {
  unsigned flags = 0;
  std::array<unsigned, 8> values{};
  std::size_t count = values.size();
  const H5Z_filter_t id =
      checked(H5Pget_filter2(properties, index, &flags, &count, values.data(), 0, nullptr, nullptr),
              ExitCode::bad_content, place, "cannot read the filters");
  switch (id) {
    case H5Z_FILTER_FLETCHER32: return {Filter::Kind::checksum};
    case H5Z_FILTER_DEFLATE: return {Filter::Kind::deflate};
    default: return {Filter::Kind::shuffle, count > 0 ? values[0] : 0};
  }
}

}  // namespace

std::size_t ChunkMap::chunk_count() const noexcept {
  return (row_count_ + rows_per_chunk_ - 1) / rows_per_chunk_;
}

std::size_t ChunkMap::rows_in(std::size_t chunk) const noexcept {
  return std::min(rows_per_chunk_, row_count_ - first_row(chunk));
}

std::size_t ChunkMap::decoded_bytes(std::size_t chunk) const noexcept {
  return (is_padded_ ? rows_per_chunk_ : rows_in(chunk)) * row_bytes_;
}

std::uint64_t ChunkMap::stored_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const ChunkPlace& place : places_)
    bytes += place.stored_bytes;
  return bytes;
}

/// Fills a map from an open dataset, whose header the guard has passed.
struct ChunkMap::Builder {
  ChunkMap& map;
  hid_t dataset;
  Hdf5Place place;
  const Shape& shape;
  const Shape& chunk;

  void cut_contiguous(std::size_t rows) const {
    const std::size_t automatic = std::max<std::size_t>(1, contiguous_chunk_bytes / map.row_bytes_);
    map.rows_per_chunk_ = rows > 0 ? rows : automatic;
    const haddr_t start = H5Dget_offset(dataset);
    if (start == HADDR_UNDEF) {
      if (map.row_count_ > 0) map.obstacle_ = "its elements lie in the header of the dataset";
      return;
    }
    for (std::size_t i = 0; i < map.chunk_count(); ++i)
      add({.offset = start + map.first_row(i) * map.row_bytes_,
           .stored_bytes = map.rows_in(i) * map.row_bytes_});
  }

  void find_chunks(hid_t properties) const {
    map.rows_per_chunk_ = chunk.front();
    if (!std::equal(chunk.begin() + 1, chunk.end(), shape.begin() + 1, shape.end())) {
      map.obstacle_ =
          fmt::format("its chunks of ({}) split samples of ({})", fmt::join(chunk, ", "),
                      fmt::join(shape.begin() + 1, shape.end(), ", "));
      return;
    }
    map.is_padded_ = true;
    if (!find_filters(properties)) return;
    const std::size_t chunks = map.chunk_count();
    const RawReadRecorder recorder;
    std::vector<hsize_t> offset(shape.size(), 0);
    for (std::size_t i = 0; i < chunks; ++i) {
      offset.front() = map.first_row(i);
      add(find_chunk(offset, i));
    }
  }

  bool find_filters(hid_t properties) const {
    const int count = checked(H5Pget_nfilters(properties), ExitCode::bad_content, place,
                              "cannot read the filters");
    if (count > most_filters) {
      map.obstacle_ = fmt::format("it has {} filters, more than {}", count, most_filters);
      return false;
    }
    for (int i = 0; i < count; ++i)
      map.filters_.push_back(filter_of(properties, static_cast<unsigned>(i), place));
    const bool is_unknown =
        std::any_of(map.filters_.begin(), map.filters_.end(), [](const Filter& filter) {
          return filter.kind == Filter::Kind::shuffle && filter.element_bytes == 0;
        });
    if (is_unknown) map.obstacle_ = "its shuffle filter has no element size";
    return !is_unknown;
  }

  ChunkPlace find_chunk(const std::vector<hsize_t>& offset, std::size_t number) const {
    std::uint32_t skipped = 0;
    std::byte unused{};  // the recorder keeps HDF5 from writing there
    checked(H5Dread_chunk(dataset, H5P_DEFAULT, offset.data(), &skipped, &unused),
            ExitCode::bad_content, place, fmt::format("cannot find chunk {}", number));
    const std::vector<RawPiece> reads = RawReadRecorder::take();
    if (reads.size() != 1) throw_bad(place, fmt::format("chunk {} is not in one piece", number));
    return {reads[0].offset, reads[0].bytes, skipped};
  }

  void add(const ChunkPlace& found) const {
    const std::size_t number = map.places_.size();
    const std::uint64_t decoded = map.decoded_bytes(number);
    std::uint64_t checksums = 0;
    bool is_deflated = false;
    for (std::size_t i = 0; i < map.filters_.size(); ++i) {
      if ((found.skipped_filters >> i & 1U) != 0) continue;
      checksums += map.filters_[i].kind == Filter::Kind::checksum ? 4 : 0;
      is_deflated = is_deflated || map.filters_[i].kind == Filter::Kind::deflate;
    }
    const std::uint64_t least = is_deflated ? decoded / deflate_ratio_limit : decoded + checksums;
    const std::uint64_t most =
        is_deflated ? growth_limit * decoded + growth_bytes : decoded + checksums;
    if (found.stored_bytes < least || found.stored_bytes > most)
      throw_bad(place, fmt::format("chunk {} is stored in {} bytes; expected {} to {}", number,
                                   found.stored_bytes, least, most));
    if (found.offset > map.file_.bytes || found.stored_bytes > map.file_.bytes - found.offset)
      throw_bad(place, fmt::format("chunk {}, {} bytes at {}, is not within the file's {} bytes",
                                   number, found.stored_bytes, found.offset, map.file_.bytes));
    map.places_.push_back(found);
  }
};

ChunkMap ChunkMap::of(const Hdf5Dataset& dataset, std::size_t contiguous_rows) {
  require(!dataset.shape_.empty(), "ChunkMap: a scalar has no rows");
  const Hdf5Scope scope;
  const hid_t handle = dataset.handle_.get();
  const Hdf5Place place{dataset.path_, dataset.name_};
  ChunkMap map;
  map.path_ = dataset.path_;
  map.name_ = dataset.name_;
  map.file_ = identity_of_input(handle, place);
  map.row_count_ = dataset.shape_.front();
  map.row_bytes_ = size_of(dataset.dtype_);
  for (std::size_t i = 1; i < dataset.shape_.size(); ++i)
    map.row_bytes_ *= dataset.shape_[i];

  if (map.row_bytes_ == 0) {
    map.obstacle_ = "its samples have no elements";
    return map;
  }
  const Builder builder{map, handle, place, dataset.shape_, dataset.storage_.chunk};
  if (dataset.storage_.chunk.empty()) {
    builder.cut_contiguous(contiguous_rows);
  } else {
    const auto properties = checked_handle(H5Dget_create_plist(handle), ExitCode::bad_content,
                                           place, "cannot read the properties");
    builder.find_chunks(properties.get());
  }
  if (map.is_direct() && map.stored_bytes() > map.file_.bytes)
    throw_bad(place, fmt::format("claims {} stored bytes, the file has {}", map.stored_bytes(),
                                 map.file_.bytes));
  return map;
}

}  // namespace rondo::io
