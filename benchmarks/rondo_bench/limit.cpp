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

constexpr std::size_t link_message_bytes = std::size_t{16} << 20;
constexpr int link_repeats = 10;

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

void exchange(std::span<const std::byte> out, int to, std::span<std::byte> in, int from) {
  const int count = static_cast<int>(out.size());
  const int code = MPI_Sendrecv(out.data(), count, MPI_BYTE, to, 0, in.data(), count, MPI_BYTE,
                                from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  if (code != MPI_SUCCESS) throw CommError("MPI_Sendrecv failed while the link was measured");
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
  const auto nodes = ring.size();
  const auto node = static_cast<std::size_t>(place.node);
  const AlignedBuffer<std::byte> out(link_message_bytes);
  AlignedBuffer<std::byte> in(link_message_bytes);

  // A limit is what was reached once: a busy machine makes links look slow, but never fast.
  double fastest = 0;
  for (int r = 0; r < link_repeats; ++r) {
    comm::barrier(comm);
    const auto begin = std::chrono::steady_clock::now();
    if (place.node_rank == 0)
      exchange(out.span(), ring[(node + 1) % nodes], in.span(), ring[(node + nodes - 1) % nodes]);
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
    fastest = std::max(fastest, static_cast<double>(link_message_bytes) / seconds);
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
