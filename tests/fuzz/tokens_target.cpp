// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Files of tokens and texts. The first bytes: type, sequence length, vocabulary.
#include <array>

#include "data/sources/token_source.hpp"
#include "fuzz/source_input.hpp"
#include "fuzz/target.hpp"

namespace rondo::fuzz {

bool consume(std::string_view bytes) {
  Choices choices(bytes);
  const DType dtype = std::array{DType::u8, DType::u16, DType::u32}[choices.below(3)];
  const std::size_t sequence_length = 1 + choices.below(256);
  const std::size_t vocabulary = choices.below(256);
  return reads_all([&] {
    return std::make_unique<apps::TokenSource>(input_of(choices.file()), dtype, sequence_length,
                                               vocabulary);
  });
}

std::vector<std::string> seeds() {
  return {std::string("\0\4\0", 3) + "a text of some length\n",
          std::string("\1\1\x09\1\0\2\0\3\0\4\0\5\0", 13),
          std::string("\2\0\x7F\1\0\0\0\2\0\0\0", 11)};
}

}  // namespace rondo::fuzz
