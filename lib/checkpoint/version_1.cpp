// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The state file of format version 1: one hash for all of it, one for each tensor. Its tensors are
// found by HDF5, which must not see a damaged file.
#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "checkpoint/file_bytes.hpp"
#include "checkpoint/reader_state.hpp"
#include "io/hdf5.hpp"

namespace rondo::checkpoint {
namespace {

std::uint64_t hash_of(const FileBytes& file, std::uint64_t bytes) {
  ContentHasher hasher;
  std::vector<std::byte> buffer(block_bytes);
  for (std::uint64_t offset = 0; offset < bytes; offset += block_bytes) {
    const auto piece = std::span(buffer).first(std::min(bytes - offset, block_bytes));
    file.read(offset, piece);
    hasher.add(piece);
  }
  return hasher.value();
}

io::Hdf5File open_intact(const std::filesystem::path& path, const StateFile& expected) {
  const FileBytes file(path, FileBytes::Access::read);
  require_size(path, file.size(), expected.bytes);
  const std::uint64_t hash = hash_of(file, expected.bytes);
  if (hash != expected.hash)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: its content has hash {}, expected {}: it was changed or damaged",
                              path.string(), to_hex(hash), to_hex(expected.hash)));
  return io::Hdf5File::open(path);
}

class Version1 : public Reader::State {
 public:
  Version1(const std::filesystem::path& path, Manifest manifest)
      : manifest_(std::move(manifest)), file_(open_intact(path, manifest_.state)) {}

  void read(std::size_t tensor, std::size_t first, std::span<float> elements) const override {
    const AlignedBuffer<float> all = read_all(manifest_.tensors[tensor]);
    std::ranges::copy(all.span().subspan(first, elements.size()), elements.begin());
  }

  /// The constructor did.
  void verify_structure() const override {}

  void verify_all() const override {
    for (const TensorEntry& tensor : manifest_.tensors)
      read_all(tensor);
  }

 private:
  AlignedBuffer<float> read_all(const TensorEntry& entry) const {
    const io::Hdf5Dataset dataset = file_.dataset(entry.name);
    if (dataset.shape() != entry.shape || dataset.dtype() != DType::f32)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {}: the manifest says f32 ({}), found {} ({})", file_.path(),
                                entry.name, fmt::join(entry.shape, ", "), name_of(dataset.dtype()),
                                fmt::join(dataset.shape(), ", ")));
    AlignedBuffer<float> elements(element_count(entry.shape));
    dataset.read(elements.span());
    const std::uint64_t hash = content_hash(std::as_bytes(elements.span()));
    if (hash != entry.hash)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {}: its elements have hash {}, expected {}", file_.path(),
                                entry.name, to_hex(hash), to_hex(entry.hash)));
    return elements;
  }

  Manifest manifest_;
  io::Hdf5File file_;
};

}  // namespace

std::unique_ptr<const Reader::State> open_version_1(const std::filesystem::path& path,
                                                    Manifest manifest) {
  return std::make_unique<Version1>(path, std::move(manifest));
}

}  // namespace rondo::checkpoint
