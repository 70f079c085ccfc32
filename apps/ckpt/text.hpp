// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "rondo/base/parameter.hpp"

namespace rondo::apps {

/// As `1.2 MB` or `7.6 kB`.
std::string size_text(std::uint64_t bytes);

/// As `(10, 784)`.
std::string shape_text(const Shape& shape);

/// When a checkpoint was written, in UTC; empty if that cannot be told.
std::string written_text(const std::filesystem::path& checkpoint);

}  // namespace rondo::apps
