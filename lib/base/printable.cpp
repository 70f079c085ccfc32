// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/printable.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace rondo {
namespace {

/// Bytes of the control character that `text` begins with, 0 if it begins with none. Unicode's
/// U+0080 to U+009F are such too: terminals take U+009B for escape and bracket.
std::size_t control_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7f) return 1;
  if (first != 0xc2 || text.size() < 2) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string result;
  while (!text.empty()) {
    const std::size_t control = kept.find(text[0]) == kept.npos ? control_bytes(text) : 0;
    if (control == 0) result += text[0];
    for (const char byte : text.substr(0, control))
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    text.remove_prefix(control == 0 ? 1 : control);
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, {});
}

std::string printable_lines(std::string_view text) {
  return escaped(text, "\n");
}

}  // namespace rondo
