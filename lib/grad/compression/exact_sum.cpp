// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/exact_sum.hpp"

#include <algorithm>
#include <utility>

namespace rondo::grad {

ExactSum::ExactSum(comm::Communicator& comm, std::span<float> gradients, Runs runs,
                   BufferPool& pool)
    : comm_(comm), gradients_(gradients), runs_(std::move(runs)), packed_(pool, runs_.count()) {
  if (packed_.empty()) return;
  runs_.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    std::ranges::copy(gradients_.subspan(at, count), packed_.data() + position);
  });
  work_ = comm.allreduce(std::as_writable_bytes(packed_.span()), DType::f32, comm::ReduceOp::sum,
                         {.name = "exact gradients"});
}

void ExactSum::finish() {
  if (!work_) return;
  comm::wait(comm_, *work_);
  runs_.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    std::ranges::copy(packed_.span().subspan(position, count),
                      gradients_.subspan(at, count).begin());
  });
}

}  // namespace rondo::grad
