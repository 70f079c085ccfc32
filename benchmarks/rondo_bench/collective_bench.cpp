// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/collective_bench.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "measure/link.hpp"
#include "rondo_bench/limit.hpp"
#include "rondo_bench/machine.hpp"
#include "rondo_bench/race.hpp"

namespace rondo::bench {
namespace {

std::size_t wire_bytes(const Shape& shape, comm::Wire wire) {
  return wire == comm::Wire::exact ? shape.bytes() : shape.count * sizeof(half);
}

Reference better(const Reference& a, const Reference& b) {
  return b.seconds < a.seconds ? b : a;
}

}  // namespace

CollectiveBench::CollectiveBench(comm::Communicator& comm, const CollectiveOptions& options,
                                 const Shape& largest)
    : comm_(comm),
      options_(options),
      rotation_bytes_(rotation_bytes(comm, options.race.hot)),
      algorithms_(algorithms_named(options.algorithm, options.collective, comm.place())),
      pattern_(largest, options.op, comm.rank(), options.root) {
  const std::size_t bytes = rotation_bytes_ + Workload::set_bytes(largest);
  if (options.buffers == BufferKind::arena)
    arena_ = comm.allocate(bytes);
  else
    private_ = AlignedBuffer<std::byte>(bytes);
  if (options.compare) {
    const comm::ReduceOp op = MpiPeer::effective(options.op);
    peer_memory_ = AlignedBuffer<std::byte>(bytes);
    peer_pattern_.emplace(largest, op, comm.rank(), options.root);
    peer_.emplace(options.dtype, op, options.root);
  }
  if (!options.probe_limit) return;
  if (comm.place().nodes > 1)
    link_bytes_per_second_ = options.link_bytes_per_second > 0 ? options.link_bytes_per_second
                                                               : measure_links(comm).ring;
  else if (comm.size() > 1)
    limit_memory_ =
        comm.allocate(rotation_bytes_ + Workload::set_bytes(MemoryLimit(largest).buffers()));
}

std::vector<Figures> CollectiveBench::measure(const Shape& shape) {
  Workload buffers = workload(own_memory(), shape, &pattern_);
  std::vector<Contender> contenders;
  drop_what_cannot_run(buffers);
  for (const comm::Algorithm algorithm : algorithms_)
    contenders.push_back(own(algorithm, buffers));
  const std::size_t own_count = contenders.size();

  std::optional<Workload> peer_buffers;
  if (peer_ && MpiPeer::can_count(shape)) {
    peer_buffers = workload(peer_memory_.span(), shape, &*peer_pattern_);
    contenders.push_back(
        {.name = "mpi", .buffers = &*peer_buffers, .call = [this, &shape](const BufferSet& set) {
           peer_->call(shape, set);
         }});
  }
  MemoryLimit limit(shape);
  std::optional<Workload> limit_buffers;
  if (limit_memory_) {
    limit_buffers = workload(limit_memory_->bytes(), limit.buffers(), nullptr);
    for (const comm::Stores stores : {comm::Stores::cached, comm::Stores::streaming})
      contenders.push_back(
          {.name = "limit",
           .buffers = &*limit_buffers,
           .call = [&limit, stores](const BufferSet& set) { limit.call(set, stores); }});
  }
  return figures_of_all(shape, contenders, own_count, race(comm_, contenders, options_.race));
}

std::vector<Figures> CollectiveBench::figures_of_all(const Shape& shape,
                                                     std::span<const Contender> contenders,
                                                     std::size_t own_count,
                                                     const std::vector<Lap>& laps) const {
  std::vector<Figures> all;
  for (std::size_t c = 0; c < own_count; ++c) {
    const Lap& ours = laps[c];
    Figures figures = figures_of(shape, algorithms_[c], ours);
    for (std::size_t other = own_count; other < laps.size(); ++other) {
      const Reference to_other = reference(laps[other], ours);
      if (contenders[other].name == "mpi")
        figures.peer = to_other;
      else
        figures.limit = figures.limit ? better(*figures.limit, to_other) : to_other;
    }
    if (link_bytes_per_second_ > 0) {
      const double least = link_limit(shape.collective, wire_bytes(shape, options_.wire),
                                      comm_.place().nodes, link_bytes_per_second_);
      figures.limit = {.seconds = least, .ratio = least / figures.seconds.median};
    }
    all.push_back(figures);
  }
  return all;
}

Workload CollectiveBench::workload(std::span<std::byte> memory, const Shape& shape,
                                   const Pattern* pattern) const {
  return {memory, shape, pattern, rotation_bytes_ / Workload::set_bytes(shape) + 1};
}

Contender CollectiveBench::own(comm::Algorithm algorithm, Workload& buffers) {
  return {.name = std::string(comm::name_of(algorithm)),
          .buffers = &buffers,
          .call = [this, algorithm](const BufferSet& set) { comm_.run(call_on(set, algorithm)); }};
}

void CollectiveBench::drop_what_cannot_run(Workload& buffers) {
  std::erase_if(algorithms_, [&](comm::Algorithm algorithm) {
    try {
      comm_.run(call_on(buffers.next(), algorithm));
      return false;
    } catch (const UsageError& error) {
      if (options_.algorithm != "all") throw AgreedError(ExitCode::usage, error.what());
      log::info(fmt::format("{} is left out: {}", comm::name_of(algorithm), error.what()));
      return true;
    }
  });
}

std::string CollectiveBench::explain(const Shape& shape) {
  Workload buffers = workload(own_memory(), shape, nullptr);
  return comm_.explain(call_on(buffers.next(), algorithms_.front()));
}

std::span<std::byte> CollectiveBench::own_memory() {
  return arena_ ? arena_->bytes() : private_.span();
}

comm::Call CollectiveBench::call_on(const BufferSet& set, comm::Algorithm algorithm) const {
  const bool reduces = is_reduction(options_.collective);
  return {.collective = options_.collective,
          .dtype = reduces ? options_.dtype : DType::u8,
          .op = options_.op,
          .root = options_.root,
          .input = set.input,
          .output = set.output,
          .options = {.algorithm = algorithm, .wire = options_.wire}};
}

}  // namespace rondo::bench
