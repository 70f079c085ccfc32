// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Tables of numbers. The first bytes: separator, header, label column, class names, classes.
#include <array>

#include "data/sources/csv_source.hpp"
#include "fuzz/source_input.hpp"
#include "fuzz/target.hpp"

namespace rondo::fuzz {

bool consume(std::string_view bytes) {
  Choices choices(bytes);
  apps::CsvLayout layout;
  layout.separator = std::array{',', ';', '\t'}[choices.below(3)];
  layout.header = std::array{apps::CsvHeader::automatic, apps::CsvHeader::yes,
                             apps::CsvHeader::no}[choices.below(3)];
  layout.label = std::array{"", "1", "2", "label"}[choices.below(4)];
  if (choices.below(2) == 1) layout.class_names = {"cat", "dog"};
  layout.classes = choices.below(5);
  return reads_all(
      [&] { return std::make_unique<apps::CsvSource>(input_of(choices.file()), layout); });
}

std::vector<std::string> seeds() {
  const auto seed = [](std::string choices, const std::string& table) {
    choices.resize(5, '\0');
    return choices + table;
  };
  return {seed("", "1,2.5,-3e4\n4,5,6\r\n\n7,8, 9 \n"),
          seed(std::string("\1\1\3\1\0", 5), "a;label;\"b;c\"\n1;cat;2\n3;dog;+4\n"),
          seed(std::string("\2\2\1\0\4", 5), "0\t1.5\n3\t\"2.5\"\n"),
          seed(std::string("\0\0\3\1\0", 5), "x,label\n\"1\",\"cat\"\n2,dog")};
}

}  // namespace rondo::fuzz
