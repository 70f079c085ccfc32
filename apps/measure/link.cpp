// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "measure/link.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <mpi.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/telemetry/counters.hpp"

namespace rondo::bench {
namespace {

using comm::Collective;

constexpr int least_repeats = 2;
constexpr int most_repeats = 6;
constexpr double enough_seconds = 4;

/// The ranks that are the first of their node, by node.
std::vector<int> first_ranks(comm::Communicator& comm) {
  const comm::Place& place = comm.place();
  const std::array<std::int32_t, 2> own{place.node, place.node_rank};
  std::vector<std::int32_t> all(2 * static_cast<std::size_t>(place.size));
  comm::allgather(comm, std::span<const std::int32_t>(own), std::span(all));
  std::vector<int> result(static_cast<std::size_t>(place.nodes));
  for (std::size_t rank = 0; rank < all.size() / 2; ++rank)
    if (all[2 * rank + 1] == 0)
      result[static_cast<std::size_t>(all[2 * rank])] = static_cast<int>(rank);
  return result;
}

void check(int code) {
  if (code != MPI_SUCCESS) throw CommError("MPI failed while the speed of the link was measured");
}

bool have_ended(std::span<MPI_Request> requests) {
  int all = 0;
  check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &all, MPI_STATUSES_IGNORE));
  return all != 0;
}

/// Polls without a pause, as MPI_Waitall would: the time is measured.
bool wait_for(std::span<MPI_Request> requests, comm::Deadline deadline) {
  while (!have_ended(requests)) {
    if (std::chrono::steady_clock::now() >= deadline) return have_ended(requests);
    std::this_thread::yield();
  }
  return true;
}

/// The seconds of every node's receiving, by node, from those of its first rank. Collective.
std::vector<double> share(comm::Communicator& comm, double own_seconds) {
  std::vector<double> seconds(static_cast<std::size_t>(comm.place().nodes));
  if (comm.place().node_rank == 0)
    seconds[static_cast<std::size_t>(comm.place().node)] = own_seconds;
  comm::allreduce(comm, std::span(seconds), comm::ReduceOp::sum);
  return seconds;
}

/// What a node receives at passes its own link and that of the one before.
std::vector<double> own_links(const std::vector<double>& received) {
  std::vector<double> links;
  for (std::size_t node = 0; node < received.size(); ++node)
    links.push_back(std::max(received[node], received[(node + 1) % received.size()]));
  return links;
}

/// What messages are sent from and received into.
struct Buffers {
  AlignedBuffer<std::byte> out{LinkPass::bytes};
  AlignedBuffer<std::byte> in{LinkPass::bytes};
};

}  // namespace

double LinkPass::run(std::span<const std::byte> out, std::span<std::byte> in) const {
  const int next = ring[(node + 1) % ring.size()];
  const std::size_t before = (node + ring.size() - 1) % ring.size();
  const auto sends = [&](std::size_t n) { return senders == Senders::all || n % 2 == 0; };
  const telemetry::Stopwatch stopwatch;
  const comm::Deadline deadline = std::chrono::steady_clock::now() + time_limit;
  std::vector<MPI_Request> receives;
  std::vector<MPI_Request> sendings;
  for (std::size_t m = 0; sends(before) && m < messages; ++m)
    check(MPI_Irecv(in.data() + m * message_bytes, message_bytes, MPI_BYTE, ring[before], 0,
                    MPI_COMM_WORLD, &receives.emplace_back()));
  for (std::size_t m = 0; sends(node) && m < messages; ++m)
    check(MPI_Isend(out.data() + m * message_bytes, message_bytes, MPI_BYTE, next, 0,
                    MPI_COMM_WORLD, &sendings.emplace_back()));
  if (!wait_for(receives, deadline)) fail("from", ring[before]);
  const double seconds = receives.empty() ? 0 : stopwatch.seconds();
  if (!wait_for(sendings, deadline)) fail("to", next);
  return seconds;
}

void LinkPass::fail(const char* direction, int peer) const {
  throw CommError(fmt::format(
      "rank {}: while the speed of the links was measured, {} MiB {} rank {} have not passed "
      "within "
      "{} s: it is lost, stopped or very late, or the link between the two hosts is cut; look at "
      "rank {}",
      ring[node], bytes >> 20U, direction, peer, std::chrono::duration<double>(time_limit).count(),
      peer));
}

LinkSpeeds measure_links(comm::Communicator& comm) {
  const std::vector<int> ring = first_ranks(comm);
  const comm::Place& place = comm.place();
  auto buffers = std::make_unique<Buffers>();
  constexpr auto bytes = static_cast<double>(LinkPass::bytes);

  // A limit is what was reached once: a busy machine makes links look slow, but never fast; and a
  // TCP connection whose acknowledgements queue behind data can be slow both ways at once. What
  // takes seconds anyway is not measured as often.
  LinkSpeeds fastest;
  std::vector<double> received(ring.size());
  double spent = 0;
  for (int r = 0; r < least_repeats || (r < most_repeats && spent < enough_seconds); ++r) {
    comm::barrier(comm);
    double own_seconds = 0;
    const LinkPass pass{.ring = ring,
                        .node = static_cast<std::size_t>(place.node),
                        .senders = r % 2 == 0 ? Senders::all : Senders::every_second,
                        .time_limit = comm.time_limit()};
    try {
      if (place.node_rank == 0) own_seconds = pass.run(buffers->out.span(), buffers->in.span());
    } catch (...) {
      static_cast<void>(buffers.release());  // MPI may still write there
      throw;
    }
    const std::vector<double> seconds = share(comm, own_seconds);
    const double slowest = *std::max_element(seconds.begin(), seconds.end());
    fastest.ring = std::max(fastest.ring, bytes / slowest);
    for (std::size_t node = 0; node < ring.size(); ++node)
      if (seconds[node] > 0) received[node] = std::max(received[node], bytes / seconds[node]);
    spent += slowest;
  }
  fastest.nodes = own_links(received);
  return fastest;
}

double link_limit(Collective collective, std::size_t wire_bytes, int nodes,
                  double bytes_per_second) {
  const double once = static_cast<double>(wire_bytes) / bytes_per_second;
  const double others = static_cast<double>(nodes - 1) / nodes;
  switch (collective) {
    case Collective::allreduce: return 2 * others * once;
    case Collective::reduce_scatter:
    case Collective::allgather: return others * once;
    default: return once;
  }
}

}  // namespace rondo::bench
