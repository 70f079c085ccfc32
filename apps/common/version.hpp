// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rondo::apps {

/// Program and project version, compiler, MPI library and build options, a line each.
std::string version_text(const std::string& program);

/// Project version alone, such as `0.1.0`.
std::string project_version();

}  // namespace rondo::apps
