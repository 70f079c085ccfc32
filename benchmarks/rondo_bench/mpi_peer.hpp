// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "rondo/comm/call.hpp"

#include "rondo_bench/shape.hpp"
#include "rondo_bench/workload.hpp"

namespace rondo::bench {

/// The MPI library's own collective for the same task, on a duplicate of MPI_COMM_WORLD.
///
/// MPI knows no f16 and bf16: they are a contiguous type of two bytes, reduced by an operation of
/// the program's own that converts through float. It has no average either and sums instead.
/// Construction, destruction and calls are collective.
class MpiPeer {
 public:
  MpiPeer(DType dtype, comm::ReduceOp op, int root);
  MpiPeer(const MpiPeer&) = delete;
  MpiPeer& operator=(const MpiPeer&) = delete;
  ~MpiPeer();

  /// Whether MPI's int can count the elements.
  static bool can_count(const Shape& shape);
  void call(const Shape& shape, const BufferSet& set) const;

  /// What `op` becomes here.
  static comm::ReduceOp effective(comm::ReduceOp op) {
    return op == comm::ReduceOp::avg ? comm::ReduceOp::sum : op;
  }
  /// "Open MPI v4.1.4"
  static std::string library();

 private:
  struct Handles;  // keeps <mpi.h> out of this header
  std::unique_ptr<Handles> handles_;
  int root_;
};

}  // namespace rondo::bench
