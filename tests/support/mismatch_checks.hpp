// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/communicator.hpp"

/// Two ranks that make different calls.
namespace rondo::test {

struct Mismatch {
  std::string name;
  std::function<std::unique_ptr<comm::Work>(comm::Communicator&, std::vector<float>&)> even, odd;
  std::string even_text, odd_text;
};

inline std::vector<Mismatch> mismatches() {
  using comm::Communicator;
  using comm::ReduceOp;
  const auto allreduce = [](std::size_t bytes, DType dtype, ReduceOp op) {
    return [=](Communicator& comm, std::vector<float>& data) {
      return comm.allreduce(std::as_writable_bytes(std::span(data)).first(bytes), dtype, op);
    };
  };
  const auto broadcast = [](int root) {
    return [=](Communicator& comm, std::vector<float>& data) {
      return comm.broadcast(std::as_writable_bytes(std::span(data)), root);
    };
  };
  const auto barrier = [](Communicator& comm, std::vector<float>&) { return comm.barrier(); };
  return {
      {"operation", allreduce(32, DType::f32, ReduceOp::sum), broadcast(0),
       "calls allreduce f32 sum of 8 elements (#0)",
       "calls broadcast of 32 bytes from rank 0 (#0)"},
      {"op", allreduce(32, DType::f32, ReduceOp::sum), allreduce(32, DType::f32, ReduceOp::avg),
       "f32 sum of 8", "f32 avg of 8"},
      {"dtype", allreduce(32, DType::f32, ReduceOp::sum), allreduce(32, DType::i32, ReduceOp::sum),
       "f32 sum of 8", "i32 sum of 8"},
      {"count", allreduce(32, DType::f32, ReduceOp::sum), allreduce(16, DType::f32, ReduceOp::sum),
       "f32 sum of 8", "f32 sum of 4"},
      {"root", broadcast(0), broadcast(1), "from rank 0", "from rank 1"},
      {"order", barrier, allreduce(32, DType::f32, ReduceOp::sum), "barrier (#0)",
       "allreduce f32 sum of 8 elements (#0)"},
  };
}

/// Collective on two or more ranks, of which the odd ones differ. The communicator is dead
/// afterwards.
inline void check_mismatch(comm::Communicator& comm, const Mismatch& mismatch) {
  std::vector<float> data(8, 1.5F);
  try {
    const auto& call = comm.rank() % 2 == 0 ? mismatch.even : mismatch.odd;
    comm::wait(comm, *call(comm, data));
    ADD_FAILURE() << mismatch.name << ": no error on rank " << comm.rank();
  } catch (const CommError& e) {
    EXPECT_EQ(e.code(), ExitCode::internal) << e.what();
    EXPECT_THAT(e.what(), testing::HasSubstr(mismatch.even_text));
    EXPECT_THAT(e.what(), testing::HasSubstr(mismatch.odd_text));
  }
  EXPECT_EQ(data, std::vector<float>(8, 1.5F)) << mismatch.name << ": data was changed";
}

}  // namespace rondo::test
