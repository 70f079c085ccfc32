// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <cuda_runtime.h>

namespace cuda_emulation {

/// Runs `thread` as every thread of a grid of so many blocks. The blocks run one after another, in
/// another order at every launch; so do a block's threads, each until it waits for others. False,
/// with a line on stderr, if threads wait for what never comes.
bool run_grid(unsigned blocks, unsigned threads, const std::function<void()>& thread);

}  // namespace cuda_emulation
