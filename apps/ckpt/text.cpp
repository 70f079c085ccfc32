// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "ckpt/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

namespace rondo::apps {

std::string size_text(std::uint64_t bytes) {
  const auto count = static_cast<double>(bytes);
  return bytes < 1'000'000 ? fmt::format("{:.1f} kB", count / 1e3)
                           : fmt::format("{:.1f} MB", count / 1e6);
}

std::string shape_text(const Shape& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

std::string written_text(const std::filesystem::path& checkpoint) {
  struct stat status {};
  if (::stat((checkpoint / "manifest.json").c_str(), &status) != 0) return {};
  return fmt::format("{:%FT%TZ}", fmt::gmtime(status.st_mtim.tv_sec));
}

}  // namespace rondo::apps
