// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "rondo/base/error.hpp"
#include "rondo/comm/call.hpp"

#include "comm/algorithms/channel.hpp"
#include "comm/algorithms/contributions.hpp"

namespace rondo::comm {

/// What every rank must call alike. Sent as it is: all ranks of a job run one build. Without
/// padding, so that its bytes can be compared and hashed.
struct Signature {
  std::uint32_t sequence = 0;   ///< number of the operation on its communicator
  std::uint32_t detail = 0;     ///< ReduceOp, root or number of lanes, by kind
  std::uint64_t count = 0;      ///< elements, or bytes where the kind has no dtype
  std::uint32_t name_hash = 0;  ///< of the whole name
  Collective kind = Collective::barrier;
  DType dtype{};
  Algorithm algorithm = Algorithm::automatic;
  Wire wire = Wire::exact;
  std::array<char, 32> name{};  ///< its beginning, ended by a zero

  friend bool operator==(const Signature&, const Signature&) = default;
};
static_assert(sizeof(Signature) == 56);

/// The signature of `call` as operation number `sequence`, on any rank.
Signature signature_of(const Call& call, std::uint32_t sequence);

/// Of the buffer whose elements are counted.
inline std::size_t bytes_of(const Signature& signature) {
  const bool counts_bytes = signature.kind == Collective::allgather ||
                            signature.kind == Collective::broadcast ||
                            signature.kind == Collective::all_to_all;
  return signature.count * (counts_bytes ? 1 : size_of(signature.dtype));
}

/// For people: "allreduce f32 sum of 1024 elements 'bucket 3' (#17)".
std::string describe(const Signature& signature);

/// What two ranks that call differently are told; the lower rank comes first, so that both are told
/// the same. ExitCode::internal.
CommError disagreement(int rank, const Signature& calls, int other_rank,
                       const Signature& other_calls);

/// Compares all ranks' signatures: ceil(log2 p) rounds of 16 bytes each way (a dissemination,
/// Hensgen, Finkel and Manber 1988), which carry a digest. Where any differ, as many rounds more
/// tell every rank of two that do.
///
/// Collective, on `signature_tag`, also with ranks that exchange_calls(): `room`, equal on all
/// ranks, is for what those show. \throws CommError  disagreement(), on every rank; or as
/// Transport::test
Task check_signature(Channel& channel, Signature mine, std::size_t room);

/// The same, and in the same messages agrees on something that may differ between equal calls:
/// `everywhere`, whether it holds on this rank, becomes whether it holds on all ranks.
Task check_signature(Channel& channel, Signature mine, std::size_t room, bool& everywhere);

/// As the first one, and in the same messages completes `all`, the contributions of ranks that make
/// equal calls: at most `room` bytes. They are unspecified if it throws.
Task exchange_calls(Channel& channel, Signature mine, algorithms::Contributions& all,
                    std::size_t room);

}  // namespace rondo::comm
