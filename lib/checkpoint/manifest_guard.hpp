// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "checkpoint/manifest.hpp"

namespace rondo::checkpoint {

/// Makes sure that what a manifest says can be relied on: see parse_manifest. `path` is for
/// messages. \throws IoError  bad_content
void require_sound(const Manifest& manifest, const std::string& path);

}  // namespace rondo::checkpoint
