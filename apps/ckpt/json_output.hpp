// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace rondo::apps {

/// Prints it for programs to read; what is not UTF-8 in it is replaced.
void print(const nlohmann::ordered_json& json);

/// One checkpoint of several: its directory, what there is to say, and its problem unless that is
/// empty.
nlohmann::ordered_json entry_of(const std::filesystem::path& directory,
                                const nlohmann::ordered_json& said, const std::string& problem);

}  // namespace rondo::apps
