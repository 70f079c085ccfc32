// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/limit.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include <mpi.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"

namespace rondo::bench {
namespace {

using comm::Collective;

constexpr std::size_t link_message_bytes = std::size_t{1} << 20;
constexpr std::size_t link_messages = 64;
constexpr std::size_t link_bytes = link_messages * link_message_bytes;
constexpr int link_repeats = 6;

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

enum class Senders { all, every_second };

/// One rank of each node: sends `out` to the next node's and receives `in` from the one before, in
/// messages that are all under way at once. `ring` holds those ranks.
void pass_on(std::span<const int> ring, std::size_t node, Senders senders,
             std::span<const std::byte> out, std::span<std::byte> in) {
  constexpr int bytes = static_cast<int>(link_message_bytes);
  const std::size_t before = (node + ring.size() - 1) % ring.size();
  const auto sends = [&](std::size_t n) { return senders == Senders::all || n % 2 == 0; };
  std::vector<MPI_Request> requests;
  requests.reserve(2 * link_messages);
  for (std::size_t m = 0; sends(before) && m < link_messages; ++m)
    check(MPI_Irecv(in.data() + m * link_message_bytes, bytes, MPI_BYTE, ring[before], 0,
                    MPI_COMM_WORLD, &requests.emplace_back()));
  for (std::size_t m = 0; sends(node) && m < link_messages; ++m)
    check(MPI_Isend(out.data() + m * link_message_bytes, bytes, MPI_BYTE,
                    ring[(node + 1) % ring.size()], 0, MPI_COMM_WORLD, &requests.emplace_back()));
  check(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE));
}

}  // namespace

MemoryLimit::MemoryLimit(const Shape& shape) : buffers_(shape) {
  const auto ranks = static_cast<std::size_t>(shape.ranks);
  if (!is_reduction(shape.collective)) {
    // What is moved is read and written once by every rank, from one memory to another.
    buffers_.collective = Collective::allreduce;
    buffers_.in_place = false;
    return;
  }
  buffers_.count = round_up(shape.count, ranks);
  inputs_.resize(ranks);
  outputs_.resize(shape.collective == Collective::allreduce ? ranks : 1);
}

void MemoryLimit::call(const BufferSet& set, comm::Stores stores) {
  if (inputs_.empty()) return comm::copy_bytes(set.input, set.output, stores);
  const std::size_t slice = buffers_.block_bytes();
  for (std::size_t r = 0; r < inputs_.size(); ++r)
    inputs_[r] = set.input.data() + r * slice;
  for (std::size_t r = 0; r < outputs_.size(); ++r)
    outputs_[r] = set.output.data() + r * slice;
  comm::reduce_all(buffers_.dtype, comm::ReduceOp::sum, 1, inputs_, outputs_, slice, stores);
}

double measure_link(comm::Communicator& comm) {
  const std::vector<int> ring = first_ranks(comm);
  const comm::Place& place = comm.place();
  const AlignedBuffer<std::byte> out(link_bytes);
  AlignedBuffer<std::byte> in(link_bytes);

  // A limit is what was reached once: a busy machine makes links look slow, but never fast; and a
  // TCP connection whose acknowledgements queue behind data can be slow both ways at once.
  double fastest = 0;
  for (int r = 0; r < link_repeats; ++r) {
    comm::barrier(comm);
    const auto begin = std::chrono::steady_clock::now();
    if (place.node_rank == 0)
      pass_on(ring, static_cast<std::size_t>(place.node),
              r % 2 == 0 ? Senders::all : Senders::every_second, out.span(), in.span());
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
    fastest = std::max(fastest, static_cast<double>(link_bytes) / seconds);
  }
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
