// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/problems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo::data {

void Problems::throw_if_any() const {
  if (problems_.empty()) return;
  if (problems_.size() == 1)
    throw IoError(ExitCode::bad_content, fmt::format("{}: {}", path_, problems_.front()));
  throw IoError(ExitCode::bad_content, fmt::format("{}: {} problems:\n  {}", path_,
                                                   problems_.size(), fmt::join(problems_, "\n  ")));
}

void Problems::add_error(const std::string& text) {
  const std::string prefix = path_ + ": ";
  add(text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text);
}

}  // namespace rondo::data
