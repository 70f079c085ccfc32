// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace rondo::test {

/// The exit code of a program whose tests cannot run here: none where they can. Of tests that need
/// a GPU (needs_gpu.cpp), without one: 77, for skipped, or 1 if RONDO_REQUIRE_GPU is set. Where
/// `speaks`, the reason is printed.
std::optional<int> code_without_gpu(bool speaks = true);

}  // namespace rondo::test
