// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/signature.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "rondo/base/hash.hpp"

namespace rondo::comm {
namespace {

std::string_view name_of(const Signature& signature) {
  return signature.name.data();
}

std::string describe_call(const Signature& s) {
  const auto reduction = [&](std::string_view operation) {
    return fmt::format("{} {} {} of {} elements", operation, name_of(s.dtype),
                       name_of(static_cast<ReduceOp>(s.detail)), s.count);
  };
  switch (s.kind) {
    case Collective::allreduce: return reduction("allreduce");
    case Collective::reduce_scatter: return reduction("reduce_scatter");
    case Collective::allgather: return fmt::format("allgather of {} bytes a rank", s.count);
    case Collective::broadcast:
      return fmt::format("broadcast of {} bytes from rank {}", s.count, s.detail);
    case Collective::barrier: return "barrier";
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
      return fmt::format("{} of {} lanes, {} elements", name_of(s.kind), s.detail, s.count);
  }
  return "unknown operation (do all ranks run the same program?)";
}

std::string describe_options(const Signature& s) {
  std::string text;
  if (!name_of(s).empty()) text += fmt::format(" '{}'", name_of(s));
  if (s.algorithm != Algorithm::automatic) text += fmt::format(" by {}", name_of(s.algorithm));
  if (s.wire != Wire::exact) text += fmt::format(" as {} on the wire", name_of(s.wire));
  return text;
}

/// One rank's call.
struct Statement {
  std::int64_t rank;
  Signature signature;
};

/// What is known of the calls of some ranks: one of them, and one that differs if any does.
struct Knowledge {
  Statement one;
  Statement other;

  bool agreed() const { return one.signature == other.signature; }

  void merge(const Knowledge& more) {
    if (!agreed()) return;
    if (!more.agreed())
      *this = more;
    else
      other = more.one;
  }
};

}  // namespace

Signature signature_of(const Call& call, std::uint32_t sequence) {
  Signature s{.sequence = sequence,
              .name_hash = static_cast<std::uint32_t>(content_hash(call.options.name)),
              .kind = call.collective,
              .algorithm = call.options.algorithm,
              .wire = call.options.wire};
  const auto shown = call.options.name.substr(0, s.name.size() - 1);
  std::ranges::copy(shown, s.name.begin());
  switch (call.collective) {
    case Collective::allreduce:
    case Collective::reduce_scatter:
      s.dtype = call.dtype;
      s.detail = static_cast<std::uint32_t>(call.op);
      s.count = call.output.size() / size_of(call.dtype);
      break;
    case Collective::allgather: s.count = call.input.size(); break;
    case Collective::broadcast:
      s.detail = static_cast<std::uint32_t>(call.root);
      s.count = call.output.size();
      break;
    case Collective::barrier: break;
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
      s.dtype = call.dtype;
      s.detail = static_cast<std::uint32_t>(call.lanes);
      s.count = call.output.size() / size_of(call.dtype);
      break;
  }
  return s;
}

std::string describe(const Signature& signature) {
  return fmt::format("{}{} (#{})", describe_call(signature), describe_options(signature),
                     signature.sequence);
}

CommError disagreement(int rank, const Signature& calls, int other_rank,
                       const Signature& other_calls) {
  if (rank > other_rank) return disagreement(other_rank, other_calls, rank, calls);
  return CommError(
      fmt::format("rank {} calls {}, rank {} calls {}: all ranks must make the same calls in the "
                  "same order, and of the same size",
                  rank, describe(calls), other_rank, describe(other_calls)),
      ExitCode::internal);
}

Task check_signature(Channel& channel, Signature mine) {
  const int size = channel.size();
  const Statement own{channel.rank(), mine};
  Scratch memory = channel.scratch(2 * sizeof(Knowledge));
  const auto knowledge = reinterpret_cast<Knowledge*>(memory.bytes().data());
  const std::span known(knowledge, 1);
  const std::span heard(knowledge + 1, 1);
  known[0] = {own, own};
  // Before each round this rank knows of the `distance` ranks that end with itself.
  for (int distance = 1; distance < size; distance *= 2) {
    const auto arrival =
        channel.receive((channel.rank() + size - distance) % size, std::as_writable_bytes(heard));
    const auto departure = channel.send((channel.rank() + distance) % size, std::as_bytes(known));
    co_await channel.done(arrival);
    co_await channel.done(departure);
    known[0].merge(heard[0]);
  }
  const auto& [one, other] = known[0];
  if (!known[0].agreed())
    throw disagreement(static_cast<int>(one.rank), one.signature, static_cast<int>(other.rank),
                       other.signature);
}

}  // namespace rondo::comm
