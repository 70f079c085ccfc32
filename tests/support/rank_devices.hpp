// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/device.hpp"

/// For tests that run on GPUs and on what takes their place (lazy_gpu.hpp).
namespace rondo::test {

/// Of a rank of run_ranks(), by its thread. Ranks share GPUs where there are too few.
Device device_of_rank(int rank);

/// How many ranks can have a GPU of their own.
int most_ranks_with_gpus();

/// Whether that of both is the same memory.
bool host_has_the_gpus_memory();

}  // namespace rondo::test
