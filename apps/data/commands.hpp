// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The commands of rondo-data. Each parses the arguments behind its name (argv[0] is ignored) and
/// returns the exit code of the process.
namespace rondo::apps {

int convert_idx(int argc, const char* const* argv);
int inspect(int argc, const char* const* argv);

}  // namespace rondo::apps
