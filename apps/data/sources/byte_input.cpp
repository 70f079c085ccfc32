// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/byte_input.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {

ByteInput::ByteInput(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code ignored;
  const bool is_directory = std::filesystem::is_directory(path, ignored);
  errno = 0;
  if (!is_directory) stream_ = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (is_directory || !stream_->good())
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: cannot read: {}", name_,
                              std::generic_category().message(is_directory ? EISDIR : errno)));
  measure();
}

ByteInput::ByteInput(std::unique_ptr<std::istream> stream, std::string name)
    : name_(std::move(name)), stream_(std::move(stream)) {
  measure();
}

void ByteInput::measure() {
  stream_->seekg(0, std::ios::end);
  const auto end = stream_->tellg();
  if (end < 0)
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: cannot read: expected a file, not a pipe", name_));
  bytes_ = static_cast<std::uint64_t>(end);
  seek(0);
}

std::size_t ByteInput::read_some(std::span<std::byte> room) {
  stream_->read(reinterpret_cast<char*>(room.data()), static_cast<std::streamsize>(room.size()));
  if (stream_->bad()) throw IoError(ExitCode::io, fmt::format("{}: cannot read on", name_));
  return static_cast<std::size_t>(stream_->gcount());
}

void ByteInput::read(std::span<std::byte> room, const std::string& what) {
  const std::size_t count = read_some(room);
  if (count < room.size())
    fail(fmt::format("is truncated: expected {} more bytes of {}, found {}", room.size(), what,
                     count));
}

void ByteInput::seek(std::uint64_t offset) {
  stream_->clear();
  stream_->seekg(static_cast<std::streamoff>(offset));
}

void ByteInput::fail(const std::string& problem) const {
  throw IoError(ExitCode::bad_content, fmt::format("{}: {}", name_, problem));
}

}  // namespace rondo::apps
