// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/object_header.hpp"

#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace rondo::io {
namespace {

/// Sixty attributes of the largest size. A chain of blocks that never ends stops here, too.
constexpr std::uint64_t most_header_bytes = std::uint64_t{4} << 20;
constexpr std::size_t checksum_bytes = 4;
constexpr std::string_view signature = "OHDR";
constexpr std::string_view continued_signature = "OCHK";

/// Bits of the flags of a header (version 2), and of a message.
constexpr unsigned tracks_creation = 0x04;
constexpr unsigned has_phase_change = 0x10;
constexpr unsigned has_times = 0x20;
constexpr unsigned message_is_shared = 0x02;

bool begins_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

class HeaderReader {
 public:
  HeaderReader(const ReadAt& read, const Hdf5Place& place) : read_(read), place_(place) {}

  std::vector<HeaderMessage> messages(std::uint64_t address) {
    if (begins_with(read(address, signature.size()), signature))
      add_second_version(address);
    else
      add_first_version(address);
    // Continuations add messages, and among them further continuations.
    for (std::size_t i = 0; i < messages_.size(); ++i)
      if (messages_[i].kind == HeaderMessage::continuation) add_continuation(messages_[i].bytes);
    return std::move(messages_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    const std::string object = place_.object.empty() ? "" : fmt::format("{}: ", place_.object);
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}has a damaged header: {}", place_.path, object, problem));
  }

  std::vector<std::byte> read(std::uint64_t address, std::uint64_t bytes) {
    if (bytes > most_header_bytes - total_bytes_)
      fail(fmt::format("expected at most {} bytes, found more", most_header_bytes));
    total_bytes_ += bytes;
    std::vector<std::byte> block(bytes);
    read_(address, block);
    return block;
  }

  /// Version, count of messages, count of references, size of the first block.
  void add_first_version(std::uint64_t address) {
    constexpr std::size_t prefix_bytes = 16;
    const auto prefix = read(address, prefix_bytes);
    if (prefix[0] != std::byte{1})
      fail(fmt::format("expected version 1 or 2 at byte {}, found {}", address,
                       std::to_integer<int>(prefix[0])));
    head_bytes_ = 8;
    add_messages(read(address + prefix_bytes, little_endian(Bytes(prefix).subspan(8, 4))));
  }

  /// Signature, version, flags, four times, two limits, size of the first block; its messages and
  /// a checksum.
  void add_second_version(std::uint64_t address) {
    constexpr std::size_t fixed_bytes = 6;
    const auto fixed = read(address, fixed_bytes);
    const auto flags = std::to_integer<unsigned>(fixed[5]);
    const std::size_t optional_bytes =
        ((flags & has_times) != 0 ? 16U : 0U) + ((flags & has_phase_change) != 0 ? 4U : 0U);
    const std::size_t size_bytes = std::size_t{1} << (flags & 3U);
    address += fixed_bytes + optional_bytes;
    const std::uint64_t block_bytes = little_endian(read(address, size_bytes));
    is_second_version_ = true;
    head_bytes_ = (flags & tracks_creation) != 0 ? 6 : 4;
    add_messages(read(address + size_bytes, block_bytes));
  }

  void add_continuation(Bytes message) {
    if (message.size() < 16) fail("a continuation is too short");
    const auto block = read(little_endian(message.first(8)), little_endian(message.subspan(8, 8)));
    if (!is_second_version_) return add_messages(block);
    const std::size_t frame_bytes = continued_signature.size() + checksum_bytes;
    if (block.size() < frame_bytes || !begins_with(block, continued_signature))
      fail("a continuation has no signature");
    add_messages(Bytes(block).subspan(continued_signature.size(), block.size() - frame_bytes));
  }

  /// Version 1 aligns messages and counts their kinds in two bytes.
  void add_messages(Bytes block) {
    while (block.size() >= head_bytes_) {
      const std::size_t kind_bytes = is_second_version_ ? 1 : 2;
      const std::size_t size = little_endian(block.subspan(kind_bytes, 2));
      const auto flags = std::to_integer<unsigned>(block[kind_bytes + 2]);
      const unsigned kind = static_cast<unsigned>(little_endian(block.first(kind_bytes)));
      if (size > block.size() - head_bytes_)
        fail(fmt::format("a message of {} bytes where {} are left", size,
                         block.size() - head_bytes_));
      const Bytes bytes = block.subspan(head_bytes_, size);
      messages_.push_back({kind, (flags & message_is_shared) != 0, {bytes.begin(), bytes.end()}});
      block = block.subspan(head_bytes_ + size);
    }
  }

  const ReadAt& read_;
  const Hdf5Place& place_;
  std::uint64_t total_bytes_ = 0;
  std::size_t head_bytes_ = 0;  ///< of a message
  bool is_second_version_ = false;
  std::vector<HeaderMessage> messages_;
};

}  // namespace

std::vector<HeaderMessage> read_header(std::uint64_t address, const ReadAt& read,
                                       const Hdf5Place& place) {
  return HeaderReader(read, place).messages(address);
}

}  // namespace rondo::io
