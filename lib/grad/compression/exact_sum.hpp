// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "rondo/comm/communicator.hpp"

#include "grad/compression/buffer_pool.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {

/// The uncompressed sum of scattered elements, by one allreduce of a packed copy.
class ExactSum {
 public:
  /// Starts it, unless there are no elements. Collective.
  ExactSum(comm::Communicator& comm, std::span<float> gradients, Runs runs, BufferPool& pool);
  /// Collective. \throws CommError
  void finish();

 private:
  comm::Communicator& comm_;
  std::span<float> gradients_;
  Runs runs_;
  BufferPool::Buffer<float> packed_;
  std::unique_ptr<comm::Work> work_;
};

}  // namespace rondo::grad
