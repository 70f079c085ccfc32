// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/data/dataset.hpp"

#include "data/rechunk_impl.hpp"
#include "io/chunk_file.hpp"

namespace rondo::data {

struct RechunkOutput::Impl {
  Impl(const RechunkInput& source, const std::filesystem::path& temporary,
       const std::filesystem::path& shown)
      : input(*source.impl_), file(io::Hdf5File::create(temporary, shown)) {
    for (const RechunkedField& field : input.fields) {
      Shape chunk = field.shape;
      chunk.front() = field.chunk_rows;
      datasets.push_back(file.create_dataset(field.path, field.source.dtype, field.shape,
                                             {.chunk = std::move(chunk),
                                              .checksum = true,
                                              .shuffle = field.shuffle,
                                              .deflate_level = field.deflate_level,
                                              .extendible = true}));
    }
  }

  void copy_attributes(const std::string& from, const std::string& to) {
    for (const std::string& attribute : input.file.attribute_names(from)) {
      if (file.has_attribute(to, attribute)) continue;
      if (!file.copy_attribute(input.file, from, attribute, to))
        left_out.push_back(fmt::format("attribute {} is neither numbers nor text",
                                       from.empty() ? attribute : from + "@" + attribute));
    }
    if (input.file.has_attributes_elsewhere(from))
      left_out.push_back(fmt::format("{} has its attributes in a heap, which is not read",
                                     from.empty() ? "the file" : from));
  }

  /// What the reader has found out about a file that does not say it.
  void describe_foreign() {
    file.set_text("", "format", schema::format_name);
    file.set_integer("", "version", schema::version);
    const std::string& split = input.fields.front().split;
    const DatasetInfo info =
        schema::read_split(input.file, split,
                           {.required = {}, .field_map = input.options.field_map})
            .info;
    if (!file.has_attribute("", "source")) file.set_text("", "source", input.path.string());
    if (info.classes > 0) file.set_integer("", "classes", static_cast<std::int64_t>(info.classes));
    if (info.mean.empty()) return;
    file.set_numbers("", "mean", std::vector<double>(info.mean.begin(), info.mean.end()));
    file.set_numbers("", "deviation",
                     std::vector<double>(info.deviation.begin(), info.deviation.end()));
  }

  void write_attributes() {
    const bool is_foreign = !schema::is_rondo_file(input.file);
    if (is_foreign) describe_foreign();
    copy_attributes("", "");
    std::set<std::string> splits;
    for (const RechunkedField& field : input.fields) {
      copy_attributes(field.source.path, field.path);
      if (!is_foreign && input.file.contains(field.split)) splits.insert(field.split);
    }
    for (const std::string& split : splits)
      copy_attributes(split, split);
  }

  const RechunkInput::Impl& input;
  io::Hdf5File file;
  std::vector<io::Hdf5Dataset> datasets;
  std::vector<std::string> left_out;
};

RechunkOutput::RechunkOutput(const RechunkInput& input, const std::filesystem::path& temporary,
                             const std::filesystem::path& shown)
    : impl_(std::make_unique<Impl>(input, temporary, shown)) {}

RechunkOutput::~RechunkOutput() = default;

std::uint64_t RechunkOutput::reserve(std::size_t field, std::size_t chunk,
                                     std::size_t stored_bytes) {
  return impl_->datasets.at(field).reserve_chunk(chunk * impl_->input.fields[field].chunk_rows,
                                                 stored_bytes);
}

std::vector<std::string> RechunkOutput::finish() {
  impl_->write_attributes();
  impl_->datasets.clear();
  impl_->file.close();
  return std::move(impl_->left_out);
}

struct RechunkCheck::Impl {
  std::vector<io::ChunkMap> maps;  ///< by field
  std::unique_ptr<io::ChunkFile> file;
};

RechunkCheck::RechunkCheck(const RechunkInput& input, const std::filesystem::path& output)
    : impl_(std::make_unique<Impl>()) {
  const io::Hdf5File file = io::Hdf5File::open(output);
  for (const RechunkedField& field : input.fields())
    impl_->maps.push_back(io::ChunkMap::of(file.dataset(field.path)));
  impl_->file = std::make_unique<io::ChunkFile>(impl_->maps.front());
}

RechunkCheck::~RechunkCheck() = default;

std::uint64_t RechunkCheck::hash(std::size_t field, std::size_t chunk) const {
  const io::ChunkMap& map = impl_->maps.at(field);
  AlignedBuffer<std::byte> rows(map.rows_in(chunk) * map.row_bytes());
  io::ChunkScratch scratch;
  impl_->file->read(map, chunk, rows.span(), scratch);
  return content_hash(rows.span());
}

}  // namespace rondo::data
