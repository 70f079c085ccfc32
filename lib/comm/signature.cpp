// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/signature.hpp"

#include <array>
#include <span>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/algorithms/channel.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {
namespace {

std::string_view name_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum: return "sum";
    case ReduceOp::avg: return "avg";
    case ReduceOp::min: return "min";
    case ReduceOp::max: return "max";
  }
  return "?";
}

std::string describe_call(const Signature& s) {
  const auto reduction = [&](std::string_view operation) {
    return fmt::format("{} {} {} of {} elements", operation, name_of(static_cast<DType>(s.dtype)),
                       name_of(static_cast<ReduceOp>(s.detail)), s.count);
  };
  switch (s.kind) {
    case OperationKind::allreduce: return reduction("allreduce");
    case OperationKind::reduce_scatter: return reduction("reduce_scatter");
    case OperationKind::allgather: return fmt::format("allgather of {} bytes a rank", s.count);
    case OperationKind::broadcast:
      return fmt::format("broadcast of {} bytes from rank {}", s.count, s.detail);
    case OperationKind::barrier: return "barrier";
    case OperationKind::allreduce_lanes:
      return fmt::format("allreduce_lanes of {} lanes, {} elements", s.detail, s.count);
  }
  return "unknown operation (do all ranks run the same program?)";
}

/// The lower rank first, so that both ranks say the same.
CommError disagreement(int low, const Signature& low_calls, int high, const Signature& high_calls) {
  return CommError(
      fmt::format("rank {} calls {}, rank {} calls {}: all ranks must make the same calls in the "
                  "same order, and of the same size",
                  low, describe(low_calls), high, describe(high_calls)),
      ExitCode::internal);
}

}  // namespace

std::string describe(const Signature& signature) {
  return fmt::format("{} (#{})", describe_call(signature), signature.sequence);
}

void check_signature(Transport& transport, const Signature& mine, Deadline deadline) {
  if (transport.size() == 1) return;
  Channel channel(transport, signature_tag, deadline);
  const std::array neighbours{channel.left(), channel.right()};
  // With two ranks both neighbours are the same rank, which sends its signature twice.
  std::array<Signature, 2> theirs;
  std::array<Transport::Ticket, 4> tickets{};
  for (std::size_t i = 0; i < 2; ++i) {
    tickets[i] = channel.receive(neighbours[i], std::as_writable_bytes(std::span(&theirs[i], 1)));
    tickets[2 + i] = channel.send(neighbours[i], std::as_bytes(std::span(&mine, 1)));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    channel.wait(tickets[i]);
    if (theirs[i] == mine) continue;
    transport.abandon();
    const int rank = channel.rank();
    const int peer = neighbours[i];
    throw rank < peer ? disagreement(rank, mine, peer, theirs[i])
                      : disagreement(peer, theirs[i], rank, mine);
  }
  channel.wait(tickets[2]);
  channel.wait(tickets[3]);
}

}  // namespace rondo::comm
