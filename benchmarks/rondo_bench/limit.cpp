// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/limit.hpp"

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::bench {

using comm::Collective;

MemoryLimit::MemoryLimit(const Shape& shape) : buffers_(shape) {
  const auto ranks = static_cast<std::size_t>(shape.ranks);
  if (!is_reduction(shape.collective)) {
    // What is moved is read and written once by every rank, from one memory to another.
    buffers_.collective = Collective::allreduce;
    buffers_.in_place = false;
    return;
  }
  buffers_.count = round_up(shape.count, ranks);
  inputs_.resize(ranks);
  outputs_.resize(shape.collective == Collective::allreduce ? ranks : 1);
}

void MemoryLimit::call(const BufferSet& set, comm::Stores stores) {
  if (inputs_.empty()) return comm::copy_bytes(set.input, set.output, stores);
  const std::size_t slice = buffers_.block_bytes();
  for (std::size_t r = 0; r < inputs_.size(); ++r)
    inputs_[r] = set.input.data() + r * slice;
  for (std::size_t r = 0; r < outputs_.size(); ++r)
    outputs_[r] = set.output.data() + r * slice;
  comm::reduce_all(buffers_.dtype, comm::ReduceOp::sum, 1, inputs_, outputs_, slice, stores);
}

}  // namespace rondo::bench
