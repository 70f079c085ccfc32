// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Before a function that kernels call, on the CPU's vectors as on the GPU: it is always inlined.
#ifdef __CUDACC__
#define RONDO_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define RONDO_HOST_DEVICE [[gnu::always_inline]] inline
#endif
