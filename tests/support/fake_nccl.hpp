// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "comm/nccl/nccl_api.hpp"

/// NCCL between threads, on the streams and memory of lazy_gpu.hpp. As the real one it returns
/// in_progress, and refuses a call while the one before is not through.
namespace rondo::test {

/// What the calling thread's NCCL does otherwise than it should, and what it was asked.
struct NcclScript {
  std::map<std::string, comm::nccl::Result> results;  ///< by call: returned, and nothing is done
  /// What ncclCommGetAsyncError tells, once a communicator is open.
  comm::nccl::Result asynchronous = comm::nccl::Result::success;
  bool never_ends = false;  ///< calls stay in progress
  bool sends_nothing = false;
  int version = 22809;
  std::vector<std::string> calls;

  bool was_called(const std::string& call) const;
};
NcclScript& nccl_script();

const comm::nccl::Api& fake_nccl();
/// Without memory of its own, as NCCL before 2.19.
comm::nccl::Api fake_nccl_without_memory();

/// Of all threads: memory of the fake's ncclMemAlloc that was not given back, and registrations.
int nccl_memories();
int nccl_registrations();

}  // namespace rondo::test
