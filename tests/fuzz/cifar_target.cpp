// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Records of CIFAR-10 and CIFAR-100. The first byte: which of them, and how many files.
#include <vector>

#include "data/sources/cifar_source.hpp"
#include "fuzz/source_input.hpp"
#include "fuzz/target.hpp"

namespace rondo::fuzz {

bool consume(std::string_view bytes) {
  Choices choices(bytes);
  const std::size_t classes = choices.below(2) == 0 ? 10 : 100;
  return reads_all([&] {
    std::vector<apps::ByteInput> files;
    files.push_back(input_of(choices.file()));
    return std::make_unique<apps::CifarSource>(std::move(files), classes);
  });
}

std::vector<std::string> seeds() {
  const std::string image(3 * 32 * 32, 'x');
  const std::string ten = std::string(1, '\3') + image + std::string(1, '\7') + image;
  const std::string hundred = std::string("\2\x2A", 2) + image;
  return {std::string(1, '\0') + ten, std::string(1, '\1') + hundred};
}

}  // namespace rondo::fuzz
