// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo::bench {

/// main() of rondo-bench-gpu: returns its exit code.
int gpu_main(int argc, const char* const* argv);

}  // namespace rondo::bench
