// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "comm/kernels/reduce.hpp"
#include "rondo_bench/shape.hpp"
#include "rondo_bench/workload.hpp"

namespace rondo::bench {

/// A rank's share of the loads and stores that a collective inside one node cannot do without, on
/// memory of its own and without a word to the others. METRICS.md tells what that means.
class MemoryLimit {
 public:
  explicit MemoryLimit(const Shape& shape);

  /// The buffers that call() takes, as a Workload lays them out.
  const Shape& buffers() const noexcept { return buffers_; }
  void call(const BufferSet& set, comm::Stores stores);

 private:
  Shape buffers_;
  std::vector<const std::byte*> inputs_;
  std::vector<std::byte*> outputs_;
};

}  // namespace rondo::bench
