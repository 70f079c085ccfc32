// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "rondo/base/device_stream.hpp"

/// GPUs in the host's memory, in place of lib/base's: a program that links lazy_gpu.cpp has them
/// in builds without CUDA. What is queued on a stream runs when its thread waits for it or asks
/// for it, never before, so that whoever forgets to wait reads what was there.
namespace rondo::test {

/// Of the calling thread, which is one rank.
struct LazyGpus {
  int count = 1;
  std::string pci_address = "0000:01:00";
};
LazyGpus& lazy_gpus();

/// Queues work that is asked until it says that it is done. It must not block.
void queue_lazily(CUstream_st* stream, std::function<bool()> work);

}  // namespace rondo::test
