// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/signature.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "rondo/base/hash.hpp"

namespace rondo::comm {
namespace {

using algorithms::Contributions;

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

/// The message of a rank that knows so much. Calls that differ make what ranks show meaningless.
std::span<const std::byte> pack(const Knowledge& known, std::span<const std::byte> shown,
                                std::span<std::byte> message) {
  std::memcpy(message.data(), &known, sizeof(Knowledge));
  if (!known.agreed()) return message.first(sizeof(Knowledge));
  std::ranges::copy(shown, message.begin() + sizeof(Knowledge));
  return message.first(sizeof(Knowledge) + shown.size());
}

/// Adds what `message`, of rank `sender`, says to `known`; if all are agreed, it fills `shown`.
void unpack(std::span<const std::byte> message, int sender, Knowledge& known,
            std::span<std::byte> shown) {
  const auto require_length = [&](bool fits) {
    if (!fits)
      throw CommError(fmt::format("rank {} sent {} bytes where {} were expected", sender,
                                  message.size(), sizeof(Knowledge) + shown.size()),
                      ExitCode::internal);
  };
  require_length(message.size() >= sizeof(Knowledge));
  Knowledge heard;
  std::memcpy(&heard, message.data(), sizeof(Knowledge));
  known.merge(heard);
  if (!known.agreed()) return;
  require_length(message.size() == sizeof(Knowledge) + shown.size());
  std::ranges::copy(message.subspan(sizeof(Knowledge)), shown.begin());
}

void require_agreement(const Knowledge& known) {
  const auto& [one, other] = known;
  if (!known.agreed())
    throw disagreement(static_cast<int>(one.rank), one.signature, static_cast<int>(other.rank),
                       other.signature);
}

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

Task check_signature(Channel& channel, Signature mine, std::size_t room) {
  auto nothing = Contributions::of_all(channel, 0);
  co_await exchange_calls(channel, mine, nothing, room);
}

Task exchange_calls(Channel& channel, Signature mine, Contributions& all, std::size_t room) {
  const Statement own{channel.rank(), mine};
  Knowledge known{own, own};
  Scratch outgoing = channel.scratch(sizeof(Knowledge) + room);
  Scratch incoming = channel.scratch(sizeof(Knowledge) + room);
  const algorithms::Dissemination way = all.way();
  for (int distance = 1; distance < way.size(); distance *= 2) {
    std::size_t length = 0;
    const auto arrival = channel.receive_up_to(way.from(distance), incoming.bytes(), length);
    const auto departure =
        channel.send(way.to(distance), pack(known, all.outgoing(distance), outgoing.bytes()));
    co_await channel.done(arrival);
    co_await channel.done(departure);
    unpack(incoming.bytes().first(length), way.from(distance), known, all.incoming(distance));
  }
  require_agreement(known);
}

}  // namespace rondo::comm
