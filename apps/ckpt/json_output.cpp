// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "ckpt/json_output.hpp"

#include <fmt/format.h>

namespace rondo::apps {

using nlohmann::ordered_json;

void print(const ordered_json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

ordered_json entry_of(const std::filesystem::path& directory, const ordered_json& said,
                      const std::string& problem) {
  ordered_json entry{{"directory", directory.string()}};
  entry.update(said);
  if (!problem.empty()) entry["problem"] = problem;
  return entry;
}

}  // namespace rondo::apps
