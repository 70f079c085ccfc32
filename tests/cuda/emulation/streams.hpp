// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>

#include <cuda_runtime_api.h>

/// What is queued runs when somebody waits for it or asks for it, never before: whoever reads too
/// early always reads what was there.
namespace cuda_emulation {

/// Held by every call that touches the GPU's state; what runs holds it too.
std::recursive_mutex& runtime_mutex();

cudaError_t queue(cudaStream_t stream, std::function<void()> work);
/// For `call`, which ends the process where some work never ends.
void run_all_streams(const char* call);

/// What calls return that CUDA forbids while the calling thread captures: success if it does not,
/// else an error, and the capture has failed.
cudaError_t not_captured();

/// Keeps `code` for cudaGetLastError(), and returns it.
cudaError_t failed(cudaError_t code);
/// What a kernel does that has failed: the next call that waits returns `code`.
void set_fault(cudaError_t code);

}  // namespace cuda_emulation
