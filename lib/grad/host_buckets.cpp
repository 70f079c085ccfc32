// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/host_buckets.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/resident_memory.hpp"

#include "grad/float_memory.hpp"
#include "grad/release_pages.hpp"

namespace rondo::grad {

HostBuckets::HostBuckets(Arena& arena, comm::Communicator& comm, const HostBucketsOptions& options)
    : arena_(arena),
      comm_(comm),
      options_(options),
      works_(arena.layout().buckets().size()),
      squares_(arena.layout(), comm),
      released_(works_.size()) {
  const Layout& layout = arena.layout();
  require(layout.ranks() == comm.size(),
          "the arena was not made for the ranks of this communicator: give it to its constructor");
  require(options.compressor == nullptr ||
              (options.reduction == Reduction::fast && options.sharding == Sharding::none),
          "a compressor needs the fast reduction without sharding: see check_compression()");
  if (options.sharding != Sharding::none && comm.size() > 1)
    shards_ = allocate_floats(comm, layout.shard_elements());
  for (std::size_t b = 0; b < works_.size(); ++b)
    names_.push_back(fmt::format("bucket {}", b));
  if (options.reduction == Reduction::fixed) make_trees();
}

void HostBuckets::make_trees() {
  const Layout& layout = arena_.layout();
  const comm::LaneRange mine = comm::lane_range(comm_.rank(), comm_.size(), options_.lanes);
  const std::size_t partials = comm::most_partials({mine.begin, mine.end - 1}, options_.lanes);
  partials_ = allocate_floats(comm_, partials * layout.elements());
  for (const ElementRange bucket : layout.buckets()) {
    std::vector<std::span<float>> buffers;
    for (std::size_t i = 0; i < partials; ++i)
      buffers.push_back(
          floats_of(*partials_).subspan(i * layout.elements() + bucket.begin, bucket.size()));
    trees_.emplace_back(options_.lanes, bucket.size(), std::move(buffers));
  }
}

std::span<float> HostBuckets::gradients(std::size_t bucket) {
  const ElementRange range = arena_.layout().buckets()[bucket];
  return arena_.grads().subspan(range.begin, range.size());
}

std::span<float> HostBuckets::reduced() noexcept {
  return shards_ ? floats_of(*shards_) : arena_.grads();
}

std::span<float> HostBuckets::shard(std::size_t bucket) {
  const Layout& layout = arena_.layout();
  const ElementRange whole = layout.buckets()[bucket];
  const ElementRange mine = layout.shard(whole, comm_.rank());
  return reduced().subspan(shards_ ? layout.shard_offset(whole) : mine.begin, mine.size());
}

void HostBuckets::clear() {
  for (std::size_t b = 0; b < released_.size(); ++b) {
    if (!released_[b]) std::ranges::fill(gradients(b), 0.0F);
    released_[b] = false;
  }
  squares_.clear();
}

void HostBuckets::add_to_trailer(std::size_t element, float value) {
  arena_.grads()[arena_.layout().trailer() + element] += value;
}

void HostBuckets::keep(std::size_t bucket, std::size_t lane) {
  if (options_.reduction == Reduction::fast) return;
  trees_[bucket].add(lane, gradients(bucket));
  std::ranges::fill(gradients(bucket), 0.0F);
}

void HostBuckets::start(std::size_t bucket, std::size_t last_lane) {
  if (options_.compressor != nullptr) {
    const ElementRange range = arena_.layout().buckets()[bucket];
    compressed_.push_back(options_.compressor->start(comm_, arena_.grads(), range));
    return;
  }
  works_[bucket] =
      options_.reduction == Reduction::fast ? start_fast(bucket) : start_fixed(bucket, last_lane);
}

std::unique_ptr<comm::Work> HostBuckets::start_fast(std::size_t bucket) {
  const auto input = std::as_writable_bytes(gradients(bucket));
  const comm::CallOptions options{.name = names_[bucket]};
  if (!shards_) return comm_.allreduce(input, DType::f32, comm::ReduceOp::sum, options);
  return comm_.reduce_scatter(input, std::as_writable_bytes(shard(bucket)), DType::f32,
                              comm::ReduceOp::sum, options);
}

std::unique_ptr<comm::Work> HostBuckets::start_fixed(std::size_t bucket, std::size_t last_lane) {
  const auto last = gradients(bucket);
  comm::LaneTreeSum& tree = trees_[bucket];
  tree.add_last(last_lane, last);
  const comm::CallOptions options{.name = names_[bucket]};
  if (!shards_) return comm_.allreduce_lanes(tree.nodes(), options_.lanes, last, options);
  return comm_.reduce_scatter_lanes(tree.nodes(), options_.lanes, shard(bucket), options);
}

void HostBuckets::finish_compressed() {
  for (const auto& sum : compressed_)
    sum->advance();
  for (const auto& sum : compressed_)
    sum->finish();
  compressed_.clear();
}

bool HostBuckets::is_summed(std::size_t bucket) {
  return works_[bucket] && works_[bucket]->done();
}

void HostBuckets::finish(std::size_t bucket) {
  if (!works_[bucket]) return;  // a compressed one
  comm::wait(comm_, *works_[bucket]);
  works_[bucket].reset();
  if (options_.reduction == Reduction::fixed) trees_[bucket].clear();
  if (shards_ && options_.sharding == Sharding::zero2)
    released_[bucket] = release_pages(gradients(bucket));
}

void HostBuckets::measure(std::size_t bucket) {
  squares_.measure(arena_.layout().buckets()[bucket], shard(bucket));
}

StepSums HostBuckets::exchange(const telemetry::RankTimes& own) {
  squares_.report(own);
  return squares_.exchange();
}

std::size_t HostBuckets::gradient_bytes() const {
  return resident_bytes(std::as_bytes(arena_.grads()));
}

std::size_t HostBuckets::partial_sum_bytes() const {
  return partials_ ? resident_bytes(partials_->bytes()) : 0;
}

std::unique_ptr<Buckets> make_host_buckets(Arena& arena, comm::Communicator& comm,
                                           const HostBucketsOptions& options) {
  return std::make_unique<HostBuckets>(arena, comm, options);
}

}  // namespace rondo::grad
