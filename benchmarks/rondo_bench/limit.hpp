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

/// Bytes a second from a node to the next in the ring of nodes, by MPI's own messages: the fastest
/// of some repeats. Collective; equal on all ranks. Several nodes only.
double measure_link(comm::Communicator& comm);

/// The seconds that a link of so many bytes a second needs at the least for what each of `nodes`
/// must send; `wire_bytes` is the length of the whole as it travels.
double link_limit(comm::Collective collective, std::size_t wire_bytes, int nodes,
                  double bytes_per_second);

}  // namespace rondo::bench
