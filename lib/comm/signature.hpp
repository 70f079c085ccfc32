// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::comm {

enum class OperationKind : std::uint8_t {
  allreduce,
  reduce_scatter,
  allgather,
  broadcast,
  barrier,
  allreduce_lanes
};

/// What every rank must call alike. Sent as it is: all ranks of a job run one build.
struct Signature {
  std::uint32_t sequence = 0;  ///< number of the operation on its communicator
  OperationKind kind = OperationKind::barrier;
  std::uint8_t dtype = 0;    ///< a DType, where the kind reduces
  std::uint16_t detail = 0;  ///< ReduceOp, root or number of lanes, by kind, modulo 2^16
  std::uint64_t count = 0;   ///< elements, or bytes where the kind has no dtype
  friend bool operator==(const Signature&, const Signature&) = default;
};
static_assert(sizeof(Signature) == 16);

/// For people: "allreduce f32 sum of 1024 elements (#17)".
std::string describe(const Signature& signature);

/// Compares `mine` with both neighbours' signatures, so that of two ranks that differ at least the
/// neighbours find out. No user data is sent before.
/// \throws CommError  ExitCode::internal, naming both sides; or as Transport::wait
void check_signature(Transport& transport, const Signature& mine, Deadline deadline);

}  // namespace rondo::comm
