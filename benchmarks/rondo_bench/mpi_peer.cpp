// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/mpi_peer.hpp"

#include <array>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <mpi.h>

#include "rondo/base/error.hpp"

#include "rondo_bench/half_operation.hpp"

namespace rondo::bench {
namespace {

using comm::Collective;
using comm::ReduceOp;

void check(int code, std::string_view call) {
  if (code != MPI_SUCCESS) throw CommError(fmt::format("{} failed with code {}", call, code));
}

MPI_Op predefined(ReduceOp op) {
  switch (op) {
    case ReduceOp::min: return MPI_MIN;
    case ReduceOp::max: return MPI_MAX;
    default: return MPI_SUM;
  }
}

MPI_Datatype predefined(DType dtype) {
  switch (dtype) {
    case DType::f32: return MPI_FLOAT;
    case DType::f64: return MPI_DOUBLE;
    case DType::i32: return MPI_INT32_T;
    case DType::i64: return MPI_INT64_T;
    case DType::u8: return MPI_UINT8_T;
    case DType::u16: return MPI_UINT16_T;
    case DType::u32: return MPI_UINT32_T;
    default: return MPI_DATATYPE_NULL;
  }
}

}  // namespace

struct MpiPeer::Handles {
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Datatype type = MPI_DATATYPE_NULL;
  MPI_Op op = MPI_OP_NULL;
  bool own_type = false;
};

MpiPeer::MpiPeer(DType dtype, ReduceOp op, int root)
    : handles_(std::make_unique<Handles>()), root_(root) {
  check(MPI_Comm_dup(MPI_COMM_WORLD, &handles_->comm), "MPI_Comm_dup");
  handles_->own_type = dtype == DType::f16 || dtype == DType::bf16;
  handles_->type = predefined(dtype);
  handles_->op = predefined(op);
  if (!handles_->own_type) return;
  check(MPI_Type_contiguous(2, MPI_BYTE, &handles_->type), "MPI_Type_contiguous");
  check(MPI_Type_commit(&handles_->type), "MPI_Type_commit");
  check(MPI_Op_create(half_operation(dtype, op), 1, &handles_->op), "MPI_Op_create");
}

MpiPeer::~MpiPeer() {
  if (handles_->own_type) {
    MPI_Op_free(&handles_->op);
    MPI_Type_free(&handles_->type);
  }
  MPI_Comm_free(&handles_->comm);
}

bool MpiPeer::can_count(const Shape& shape) {
  return shape.count <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

void MpiPeer::call(const Shape& shape, const BufferSet& set) const {
  const auto& [comm, type, op, own_type] = *handles_;
  const void* input = shape.overlaps() ? MPI_IN_PLACE : set.input.data();
  void* output = set.output.data();
  const int count = static_cast<int>(shape.count);
  const int block = static_cast<int>(shape.block_count());
  switch (shape.collective) {
    case Collective::allreduce:
      return check(MPI_Allreduce(input, output, count, type, op, comm), "MPI_Allreduce");
    case Collective::reduce_scatter:
      return check(MPI_Reduce_scatter_block(input, output, block, type, op, comm),
                   "MPI_Reduce_scatter_block");
    case Collective::allgather:
      return check(MPI_Allgather(input, block, type, output, block, type, comm), "MPI_Allgather");
    case Collective::broadcast:
      return check(MPI_Bcast(output, count, type, root_, comm), "MPI_Bcast");
    default: throw UsageError("MpiPeer: this collective is not measured");
  }
}

std::string MpiPeer::library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text = {};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string_view all(text.data());
  return std::string(all.substr(0, all.find_first_of(",\n")));
}

}  // namespace rondo::bench
