// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What reads bytes of a stranger, for whoever makes such bytes: libFuzzer (libfuzzer_main.cpp) and
/// the tests (damage_test.cpp). Each source *_target.cpp defines both functions.
namespace rondo::fuzz {

/// Reads `bytes` as a file of the target's kind; false if they are refused. A crash, an exception
/// or a leak is a finding.
bool consume(std::string_view bytes);

/// Small good files, which between them use every feature of the format.
std::vector<std::string> seeds();

}  // namespace rondo::fuzz
