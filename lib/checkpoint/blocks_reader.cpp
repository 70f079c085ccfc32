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
  std::unique_ptr<Reading> start(std::size_t tensor, std::size_t first,
                                 std::span<float> elements) const override;
  void verify_structure() const override;
  void verify_all() const override;

 private:
  class WholeBlocks;

  std::uint64_t block_length() const { return manifest_.state.block_bytes; }
  /// Of the bytes of a tensor.
  Extent block(std::size_t tensor, std::size_t block) const {
    const std::uint64_t begin = block * block_length();
    return {begin, std::min(block_length(), manifest_.stored[tensor].extent.bytes - begin)};
  }
  /// In the file.
  std::uint64_t place_of(std::size_t tensor, std::size_t block) const {
    return manifest_.stored[tensor].extent.offset + block * block_length();
  }
  /// How many bytes from the beginning of those of a tensor are whole blocks, to be read at once.
  std::size_t in_whole_blocks(std::size_t tensor, const Extent& bytes) const;
  /// Whole blocks, from that one on. \throws IoError  a hash differs
  void read_blocks(std::size_t tensor, std::size_t block, std::span<std::byte> bytes) const;
  void require_hashes(std::size_t tensor, std::size_t block,
                      std::span<const std::byte> bytes) const;
  void require_hash(std::size_t tensor, std::size_t block, std::span<const std::byte> bytes) const;

  Manifest manifest_;
  FileBytes file_;
  UncachedBytes uncached_;
};

/// Of a tensor, from that one on.
class BlocksReader::WholeBlocks : public Reading {
 public:
  WholeBlocks(const BlocksReader& reader, std::size_t tensor, std::size_t block,
              std::span<std::byte> bytes, std::unique_ptr<UncachedBytes::Arrival> arrival)
      : reader_(reader),
        tensor_(tensor),
        block_(block),
        bytes_(bytes),
        arrival_(std::move(arrival)) {}

  void finish() override {
    // What the disk does not bring so, the cache does, or says why not.
    if (!arrival_->wait()) reader_.file_.read(reader_.place_of(tensor_, block_), bytes_);
    reader_.require_hashes(tensor_, block_, bytes_);
  }

 private:
  const BlocksReader& reader_;
  std::size_t tensor_;
  std::size_t block_;
  std::span<std::byte> bytes_;
  std::unique_ptr<UncachedBytes::Arrival> arrival_;
};

std::size_t BlocksReader::in_whole_blocks(std::size_t tensor, const Extent& bytes) const {
  if (bytes.offset % block_length() != 0) return 0;
  const std::uint64_t request = std::min(bytes.bytes, blocks_a_request * block_length());
  if (bytes.offset + request == manifest_.stored[tensor].extent.bytes) return request;
  return request / block_length() * block_length();
}

void BlocksReader::read_blocks(std::size_t tensor, std::size_t block,
                               std::span<std::byte> bytes) const {
  const std::uint64_t offset = place_of(tensor, block);
  if (!uncached_.read(offset, bytes)) file_.read(offset, bytes);
  require_hashes(tensor, block, bytes);
}

void BlocksReader::require_hashes(std::size_t tensor, std::size_t block,
                                  std::span<const std::byte> bytes) const {
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

std::unique_ptr<Reading> BlocksReader::start(std::size_t tensor, std::size_t first,
                                             std::span<float> elements) const {
  const auto bytes = std::as_writable_bytes(elements);
  const Extent range{first * sizeof(float), bytes.size()};
  const bool ends_a_block =
      range.end() % block_length() == 0 || range.end() == manifest_.stored[tensor].extent.bytes;
  if (bytes.empty() || range.offset % block_length() != 0 || !ends_a_block) return nullptr;
  const std::size_t block = range.offset / block_length();
  auto arrival = uncached_.start(place_of(tensor, block), bytes);
  if (!arrival) return nullptr;
  return std::make_unique<WholeBlocks>(*this, tensor, block, bytes, std::move(arrival));
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
