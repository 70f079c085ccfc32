// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The state file of the current version: blocks at places that the manifest knows.
#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "checkpoint/file_bytes.hpp"
#include "checkpoint/reader_state.hpp"
#include "checkpoint/state_layout.hpp"
#include "checkpoint/uncached_bytes.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::uint64_t blocks_a_request = 2;

class BlocksReader : public Reader::State {
 public:
  BlocksReader(const std::filesystem::path& path, Manifest manifest)
      : manifest_(std::move(manifest)), file_(path, FileBytes::Access::read), uncached_(path) {
    require_size(path, file_.size(), manifest_.state.bytes);
    file_.will_be_read_in_order();
  }

  void read(std::size_t tensor, std::size_t first, std::span<float> elements) const override;
  void verify_structure() const override;
  void verify_all() const override;

 private:
  std::uint64_t block_length() const { return manifest_.state.block_bytes; }
  /// Of the bytes of a tensor.
  Extent block(std::size_t tensor, std::size_t block) const {
    const std::uint64_t begin = block * block_length();
    return {begin, std::min(block_length(), manifest_.stored[tensor].extent.bytes - begin)};
  }
  /// How many bytes from the beginning of those of a tensor are whole blocks, to be read at once.
  std::size_t in_whole_blocks(std::size_t tensor, const Extent& bytes) const;
  /// Whole blocks, from that one on. \throws IoError  a hash differs
  void read_blocks(std::size_t tensor, std::size_t block, std::span<std::byte> bytes) const;
  void require_hash(std::size_t tensor, std::size_t block, std::span<const std::byte> bytes) const;

  Manifest manifest_;
  FileBytes file_;
  UncachedBytes uncached_;
};

std::size_t BlocksReader::in_whole_blocks(std::size_t tensor, const Extent& bytes) const {
  if (bytes.offset % block_length() != 0) return 0;
  const std::uint64_t request = std::min(bytes.bytes, blocks_a_request * block_length());
  if (bytes.offset + request == manifest_.stored[tensor].extent.bytes) return request;
  return request / block_length() * block_length();
}

void BlocksReader::read_blocks(std::size_t tensor, std::size_t block,
                               std::span<std::byte> bytes) const {
  const std::uint64_t offset = manifest_.stored[tensor].extent.offset + block * block_length();
  if (!uncached_.read(offset, bytes)) file_.read(offset, bytes);
  for (; !bytes.empty(); ++block) {
    const auto one = bytes.first(std::min<std::size_t>(block_length(), bytes.size()));
    require_hash(tensor, block, one);
    bytes = bytes.subspan(one.size());
  }
}

void BlocksReader::require_hash(std::size_t tensor, std::size_t block,
                                std::span<const std::byte> bytes) const {
  const StoredTensor& stored = manifest_.stored[tensor];
  const std::uint64_t begin = block * block_length();
  const std::uint64_t hash = content_hash(bytes);
  if (hash == stored.block_hashes[block]) return;
  throw IoError(
      ExitCode::bad_content,
      fmt::format("{}: {}: block {} (bytes {} to {} of the file) has hash {}, expected {}: it was "
                  "changed or damaged",
                  file_.path().string(), manifest_.tensors[tensor].name, block,
                  stored.extent.offset + begin, stored.extent.offset + begin + bytes.size() - 1,
                  to_hex(hash), to_hex(stored.block_hashes[block])));
}

void BlocksReader::read(std::size_t tensor, std::size_t first, std::span<float> elements) const {
  const auto wanted = std::as_writable_bytes(elements);
  const Extent range{first * sizeof(float), wanted.size()};
  std::vector<std::byte> buffer;  // of blocks that are wanted in part
  for (std::uint64_t at = range.offset; at < range.end();) {
    const std::size_t number = at / block_length();
    const Extent whole = block(tensor, number);
    const auto rest = wanted.subspan(at - range.offset);
    std::size_t count = in_whole_blocks(tensor, {at, rest.size()});
    if (count > 0) {
      read_blocks(tensor, number, rest.first(count));
    } else {
      buffer.resize(whole.bytes);
      read_blocks(tensor, number, buffer);
      count = std::min(whole.end(), range.end()) - at;
      std::ranges::copy(std::span(buffer).subspan(at - whole.offset, count), rest.begin());
    }
    at += count;
  }
}

void BlocksReader::verify_structure() const {
  StateLayout layout{.bytes = manifest_.state.bytes, .extents = {}};
  for (const StoredTensor& stored : manifest_.stored)
    layout.extents.push_back(stored.extent);
  const std::uint64_t hash = structure_hash(file_, layout);
  if (hash != manifest_.state.hash)
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: what is in no tensor has hash {}, expected {}: it was changed or damaged",
                    file_.path().string(), to_hex(hash), to_hex(manifest_.state.hash)));
  require_hdf5_agrees(file_.path(), manifest_);
}

void BlocksReader::verify_all() const {
  verify_structure();
  std::vector<std::byte> buffer(block_length());
  for (std::size_t tensor = 0; tensor < manifest_.stored.size(); ++tensor)
    for (std::size_t i = 0; i < manifest_.stored[tensor].block_hashes.size(); ++i)
      read_blocks(tensor, i, std::span(buffer).first(block(tensor, i).bytes));
}

}  // namespace

std::unique_ptr<const Reader::State> open_blocks(const std::filesystem::path& path,
                                                 Manifest manifest) {
  return std::make_unique<BlocksReader>(path, std::move(manifest));
}

}  // namespace rondo::checkpoint
