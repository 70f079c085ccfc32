// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The instruction sets that the kernels are compiled for, one of which is chosen at run time:
/// AVX-512 (Highway's AVX3), AVX2 and SSE4, without which oneDNN does not run either; on Arm, NEON.
/// To be included before Highway, by every file that uses it.

// NOLINTBEGIN(readability-identifier-naming): the names are Highway's.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#ifdef __x86_64__
// Highway's own baseline for any x86-64 is plain loops, which take g++ minutes with sanitizers.
#define HWY_BASELINE_TARGETS HWY_SSE4
#endif
// NOLINTEND(readability-identifier-naming)
