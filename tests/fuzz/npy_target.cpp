// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// NumPy arrays. The first byte: the field that they become.
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "data/sources/npy_source.hpp"
#include "fuzz/source_input.hpp"
#include "fuzz/target.hpp"

namespace rondo::fuzz {
namespace {

constexpr std::array names{"x", "image", "label"};

std::string array(const std::string& type, const std::string& order, const std::string& shape,
                  std::size_t bytes) {
  const std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}), }}\n", type, order, shape);
  std::string elements(bytes, '\0');
  std::iota(elements.begin(), elements.end(), '\0');
  return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header +
         elements;
}

}  // namespace

bool consume(std::string_view bytes) {
  Choices choices(bytes);
  const std::string name = names[choices.below(names.size())];
  return reads_all([&] {
    std::vector<apps::NpySource::NamedInput> inputs;
    inputs.emplace_back(name, input_of(choices.file()));
    return std::make_unique<apps::NpySource>(std::move(inputs));
  });
}

std::vector<std::string> seeds() {
  return {'\0' + array("<f4", "False", "7,", 28), '\0' + array("<i8", "True", "5, 2, 3", 240),
          '\1' + array("|u1", "False", "4, 3, 2, 5", 120),
          '\1' + array("<f4", "True", "4, 2, 2", 64), '\2' + array("<u2", "False", "6, 1", 12)};
}

}  // namespace rondo::fuzz
