// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_text.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "io/hdf5_input_driver.hpp"

namespace rondo::io {
namespace {

/// Length, address of the collection and number of the object, with addresses of 8 bytes.
constexpr std::size_t reference_bytes = 16;
/// Of a collection ("GCOL", version, size) and of each of its objects (number, ..., size).
constexpr std::size_t header_bytes = 16;
constexpr std::string_view collection_signature{"GCOL\x01\0\0\0", 8};

[[noreturn]] void throw_bad(const Hdf5Place& place, const std::string& problem) {
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: attribute {}: {}", place.path, place.object, problem));
}

/// A collection of the file's global heap.
class Collection {
 public:
  Collection(const ReadAt& read, std::uint64_t address, std::size_t most_bytes,
             const Hdf5Place& place)
      : address_(address), bytes_(header_bytes) {
    read(address, bytes_);
    const std::uint64_t size = little_endian(Bytes(bytes_).subspan(8, 8));
    const bool is_one =
        std::memcmp(bytes_.data(), collection_signature.data(), collection_signature.size()) == 0;
    if (!is_one || size < header_bytes || size > most_bytes)
      throw_bad(place, fmt::format("its text is not where it should be, at byte {}", address));
    bytes_.resize(size);
    read(address, bytes_);
  }

  std::uint64_t address() const noexcept { return address_; }

  /// The object of that number; empty if there is none.
  Bytes object(std::uint64_t number) const {
    Bytes rest = Bytes(bytes_).subspan(header_bytes);
    while (rest.size() >= header_bytes) {
      const std::uint64_t found = little_endian(rest.first(2));
      const std::uint64_t size = little_endian(rest.subspan(8, 8));
      rest = rest.subspan(header_bytes);
      if (found == 0 || size > rest.size()) break;
      if (found == number) return rest.first(size);
      rest = rest.subspan(std::min<std::size_t>((size + 7) / 8 * 8, rest.size()));
    }
    return {};
  }

 private:
  std::uint64_t address_;
  std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::string> read_variable_texts(const ReadAt& read, Bytes references,
                                             std::size_t count, std::size_t most_bytes,
                                             const Hdf5Place& place) {
  std::vector<std::string> texts;
  std::vector<Collection> collections;  // the last one: neighbours lie together
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes reference = references.subspan(i * reference_bytes, reference_bytes);
    const std::uint64_t length = little_endian(reference.first(4));
    const std::uint64_t address = little_endian(reference.subspan(4, 8));
    bytes += length;
    if (bytes > most_bytes)
      throw_bad(place, fmt::format("expected at most {} bytes of text, found more", most_bytes));
    if (length == 0) {
      texts.emplace_back();
      continue;
    }
    if (collections.empty() || collections.back().address() != address) {
      collections.clear();
      collections.emplace_back(read, address, 2 * most_bytes, place);
    }
    const Bytes object = collections.back().object(little_endian(reference.subspan(12, 4)));
    if (length > object.size())
      throw_bad(place, fmt::format("its text {} has {} bytes, the file holds {}", i, length,
                                   object.size()));
    const auto* text = reinterpret_cast<const char*>(object.data());
    texts.emplace_back(text, ::strnlen(text, length));
  }
  return texts;
}

}  // namespace rondo::io
