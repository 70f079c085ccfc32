// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::uint64_t bytes_a_request = 8 * block_bytes;

}  // namespace

StateWriter::StateWriter(const std::filesystem::path& path)
    : file_(path, FileBytes::Access::read_and_write), buffer_(block_bytes) {}

std::uint64_t StateWriter::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::uint64_t hash = content_hash(bytes);
  file_.write(offset, bytes);
  read_back(offset, bytes.size(), hash);
  pending_bytes_ += bytes.size();
  pending_begin_ = std::min(pending_begin_, offset);
  pending_end_ = std::max(pending_end_, offset + bytes.size());
  if (pending_bytes_ >= bytes_a_request) start_writing_out();
  return hash;
}

void StateWriter::read_back(std::uint64_t offset, std::size_t bytes, std::uint64_t hash) {
  const auto found = std::span(buffer_).first(bytes);
  file_.read(offset, found);
  if (content_hash(found) != hash)
    throw IoError(ExitCode::io,
                  fmt::format("{}: what was just written at byte {} reads back otherwise",
                              file_.path().string(), offset));
}

void StateWriter::start_writing_out() {
  if (pending_bytes_ > 0) file_.start_writing_out(pending_begin_, pending_end_ - pending_begin_);
  pending_bytes_ = 0;
  pending_begin_ = pending_end_;
}

void StateWriter::finish() {
  start_writing_out();
  file_.sync();
}

}  // namespace rondo::checkpoint
