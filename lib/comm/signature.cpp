// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/signature.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/hash.hpp"

namespace rondo::comm {
namespace {

using algorithms::Contributions;

std::string_view name_of(const Signature& signature) {
  return {signature.name.data(), strnlen(signature.name.data(), signature.name.size())};
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
    case Collective::all_to_all: return fmt::format("all_to_all of {} bytes", s.count);
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

/// What is known of the calls of some ranks without asking what they are.
struct Knowledge {
  std::uint64_t digest;  ///< of one of them
  std::uint32_t differ;  ///< not 0: another one has another digest
  std::uint32_t lacks;   ///< not 0: what they agree on does not hold on one

  bool agreed() const { return differ == 0; }

  void merge(const Knowledge& more) {
    if (digest != more.digest || !more.agreed()) differ = 1;
    lacks |= more.lacks;
  }
};

/// The message of a rank that knows so much. Calls that differ make what ranks show meaningless.
std::span<const std::byte> pack(const Knowledge& known, std::span<const std::byte> shown,
                                std::span<std::byte> message, Arithmetic& arithmetic) {
  std::memcpy(message.data(), &known, sizeof(Knowledge));
  if (!known.agreed()) return message.first(sizeof(Knowledge));
  arithmetic.copy(shown, message.subspan(sizeof(Knowledge), shown.size()));
  return message.first(sizeof(Knowledge) + shown.size());
}

/// Adds what `message`, of rank `sender`, says to `known`; if all are agreed, it fills `shown`.
void unpack(std::span<const std::byte> message, int sender, Knowledge& known,
            std::span<std::byte> shown, Arithmetic& arithmetic) {
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
  arithmetic.copy(message.subspan(sizeof(Knowledge)), shown);
}

/// One rank's call.
struct Statement {
  std::int64_t rank;
  Signature signature;
};

/// A call, and one that differs from it as soon as any is known that does.
struct Difference {
  Statement one;
  Statement other;

  bool found() const { return one.signature != other.signature; }

  void merge(const Difference& more) {
    if (found()) return;
    if (more.found())
      *this = more;
    else
      other = more.one;
  }
};

/// The calls differ: tells every rank how. Collective. \throws CommError  disagreement()
Task tell_difference(Channel& channel, Signature mine) {
  const Statement own{channel.rank(), mine};
  Scratch memory = channel.letters(2 * sizeof(Difference));
  const auto differences = reinterpret_cast<Difference*>(memory.bytes().data());
  const std::span known(differences, 1);
  const std::span heard(differences + 1, 1);
  known[0] = {own, own};
  const algorithms::Dissemination way(channel.rank(), channel.size());
  for (int distance = 1; distance < way.size(); distance *= 2) {
    const auto arrival = channel.receive(way.from(distance), std::as_writable_bytes(heard));
    const auto departure = channel.send(way.to(distance), std::as_bytes(known));
    co_await channel.done(arrival);
    co_await channel.done(departure);
    known[0].merge(heard[0]);
  }
  const auto& [one, other] = known[0];
  throw disagreement(static_cast<int>(one.rank), one.signature, static_cast<int>(other.rank),
                     other.signature);
}

/// check_signature() and exchange_calls() in one.
Task compare(Channel& channel, Signature mine, Contributions& all, std::size_t room,
             bool& everywhere) {
  Knowledge known{content_hash(std::as_bytes(std::span(&mine, 1))), 0, everywhere ? 0U : 1U};
  const algorithms::Dissemination way = all.way();
  const std::size_t longest = sizeof(Knowledge) + room;
  Scratch outgoing = channel.letters(longest);
  Scratch incoming = channel.letters(way.rounds() * longest);

  // A message that finds its receive posted spares MPI a copy.
  struct Arrival {
    Transport::Ticket ticket;
    std::size_t length;
  };
  std::vector<Arrival> arrivals(way.rounds());
  for (std::size_t round = 0; round < arrivals.size(); ++round)
    arrivals[round].ticket = channel.receive_up_to(
        way.from(1 << round), incoming.bytes().subspan(round * longest, longest),
        arrivals[round].length);
  for (std::size_t round = 0; round < arrivals.size(); ++round) {
    const int distance = 1 << round;
    const auto departure =
        channel.send(way.to(distance),
                     pack(known, all.outgoing(distance), outgoing.bytes(), channel.arithmetic()));
    co_await channel.done(arrivals[round].ticket);
    co_await channel.done(departure);
    unpack(incoming.bytes().subspan(round * longest, arrivals[round].length), way.from(distance),
           known, all.incoming(distance), channel.arithmetic());
  }
  if (!known.agreed()) co_await tell_difference(channel, mine);
  everywhere = known.lacks == 0;
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
    case Collective::all_to_all: s.count = call.input.size(); break;
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
  bool everywhere = true;
  co_await check_signature(channel, mine, room, everywhere);
}

Task check_signature(Channel& channel, Signature mine, std::size_t room, bool& everywhere) {
  auto nothing = Contributions::of_all(channel, 0);
  co_await compare(channel, mine, nothing, room, everywhere);
}

Task exchange_calls(Channel& channel, Signature mine, Contributions& all, std::size_t room) {
  bool everywhere = true;
  co_await compare(channel, mine, all, room, everywhere);
}

}  // namespace rondo::comm
