// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/device_buckets.hpp"

#include <algorithm>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/precision/device_casts.hpp"

namespace rondo::grad {
namespace {

static_assert(block_elements == precision::DevicePiece::most_elements);

DeviceSpan<const float> as_const(DeviceSpan<float> span) {
  return span;
}

precision::DevicePiece device_piece(const Layout& layout, const Piece& piece) {
  const std::size_t last = layout.specs().size() - 1;
  return {.begin = piece.range.begin,
          .count = static_cast<std::uint16_t>(piece.range.size()),
          .role = layout.specs()[piece.parameter].role,
          .parameter = static_cast<std::uint32_t>(last - piece.parameter)};
}

/// The rank whose shards hold the trailer.
int trailer_rank(const Layout& layout) {
  const ElementRange last = layout.buckets().back();
  const std::size_t shard = last.size() / static_cast<std::size_t>(layout.ranks());
  return static_cast<int>((layout.trailer() - last.begin) / shard);
}

}  // namespace

precision::DevicePieces device_pieces(const Device& device, const Layout& layout) {
  std::vector<precision::DevicePiece> pieces;
  for (const Piece& piece : layout.pieces())
    pieces.push_back(device_piece(layout, piece));
  return {device, pieces};
}

precision::DevicePieces device_pieces(const Device& device, const Layout& layout, int rank) {
  std::vector<precision::DevicePiece> pieces;
  for (const Piece& piece : layout.pieces()) {
    pieces.push_back(device_piece(layout, piece));
    const ElementRange bucket = layout.buckets()[layout.buckets_of(piece.range).begin];
    const ElementRange mine = layout.shard(bucket, rank);
    const bool is_mine = mine.begin <= piece.range.begin && piece.range.begin < mine.end;
    if (is_mine)
      pieces.back().held = layout.shard_offset(bucket) + piece.range.begin - mine.begin;
    else
      pieces.back().count = 0;
  }
  return {device, pieces};
}

DeviceBuckets::DeviceBuckets(const Layout& layout, const DeviceGradients& gradients,
                             comm::Communicator& host, std::size_t lanes, Reduction reduction,
                             Sharding sharding, DeviceCompressor* compressor)
    : layout_(layout),
      gradients_(gradients),
      host_(host),
      lanes_(lanes),
      sharded_(sharding != Sharding::none && host.size() > 1),
      compressor_(compressor),
      sums_(gradients.transfers),
      norm_(gradients.device, gradients.pieces),
      sent_(lanes * Trailer::elements, "the sums of lanes"),
      received_(gradients.device, Trailer::elements, "the sums of a lane"),
      total_trailer_(Trailer::elements, "the sums of a step"),
      sent_squares_(layout.specs().size(), "the squares of gradients"),
      squares_(sent_squares_.span().size()),
      times_(static_cast<std::size_t>(host.size())) {
  require(gradients.grads.size() == layout.elements(),
          "the gradients on the GPU must be as long as the layout says");
  require(compressor == nullptr || (reduction == Reduction::fast && sharding == Sharding::none),
          "a compressor needs the fast reduction without sharding: see check_compression()");
  const comm::LaneRange mine = comm::lane_range(host.rank(), host.size(), lanes);
  if (reduction == Reduction::fixed) partial_sums_ = comm::most_partials(mine, lanes);
  for (const ElementRange range : layout.buckets()) {
    complete_.emplace_back(gradients.device);
    if (reduction == Reduction::fixed)
      trees_.emplace_back(gradients.device, mine, lanes, range.size());
  }
}

DeviceSpan<float> DeviceBuckets::bucket(std::size_t index) const {
  const ElementRange range = layout_.buckets()[index];
  return gradients_.grads.subspan(range.begin, range.size());
}

DeviceSpan<float> DeviceBuckets::shard(std::size_t index) const {
  const ElementRange mine = layout_.shard(layout_.buckets()[index], host_.rank());
  return gradients_.grads.subspan(mine.begin, mine.size());
}

DeviceSpan<float> DeviceBuckets::trailer() const {
  return gradients_.grads.subspan(layout_.trailer(), Trailer::elements);
}

void DeviceBuckets::clear() {
  ++step_;
  gradients_.stream.begin_step(step_);
  sums_.begin_step(step_);
  rondo::clear(gradients_.stream, gradients_.grads);
  for (comm::DeviceLaneTreeSum& tree : trees_)
    tree.clear();
  lane_trailer_ = {};
  sent_trailers_ = 0;
}

void DeviceBuckets::add_to_trailer(std::size_t element, float value) {
  lane_trailer_[element] += value;
}

void DeviceBuckets::add_to_trailer(DeviceSpan<const float> loss_and_correct) {
  static_assert(Trailer::correct == Trailer::loss + 1);
  precision::accumulate(gradients_.stream, loss_and_correct, trailer().subspan(Trailer::loss, 2));
}

/// Every lane sends from memory of its own, which the GPU reads when it comes to that.
void DeviceBuckets::add_lane_trailer() {
  const auto sent = sent_.span().subspan(sent_trailers_++ * Trailer::elements, Trailer::elements);
  std::ranges::copy(std::exchange(lane_trailer_, {}), sent.begin());
  copy(gradients_.stream, std::span<const float>(sent), received_.span());
  precision::accumulate(gradients_.stream, as_const(received_.span()), trailer());
}

void DeviceBuckets::keep(std::size_t index, std::size_t lane) {
  if (trees_.empty()) return;
  if (is_last(index)) add_lane_trailer();
  trees_[index].add(gradients_.stream, lane, as_const(bucket(index)));
  rondo::clear(gradients_.stream, bucket(index));
}

void DeviceBuckets::start(std::size_t index, std::size_t last_lane) {
  if (is_last(index)) add_lane_trailer();
  complete_[index].record(gradients_.stream);
  sums_.wait_for(complete_[index]);
  if (compressor_ != nullptr) return compressor_->reduce(index);
  if (trees_.empty()) return start_fast(index);
  comm::DeviceLaneTreeSum& tree = trees_[index];
  tree.add(sums_, last_lane, as_const(bucket(index)));
  if (sharded_)
    comm::reduce_scatter_lanes(gradients_.comm, sums_, tree.nodes(), lanes_, shard(index));
  else
    comm::allreduce_lanes(gradients_.comm, sums_, tree.nodes(), lanes_, bucket(index));
}

void DeviceBuckets::start_fast(std::size_t index) {
  if (sharded_)
    comm::reduce_scatter_sum(gradients_.comm, sums_, as_const(bucket(index)), shard(index));
  else
    comm::allreduce_sum(gradients_.comm, sums_, bucket(index));
}

/// Of each number, one rank has it and the others zero, or something else that is replaced.
void DeviceBuckets::exchange_shards() {
  gradients_.comm.grouped([this] {
    comm::allreduce_sum(gradients_.comm, sums_, norm_.squares());
    comm::broadcast(gradients_.comm, sums_, trailer(), trailer_rank(layout_));
  });
}

StepSums DeviceBuckets::exchange(const telemetry::RankTimes& own) {
  norm_.measure_pieces(sums_, as_const(gradients_.grads));
  if (sharded_) exchange_shards();
  norm_.add_up(sums_, {});
  copy(sums_, norm_.parameter_squares(), sent_squares_.span());
  copy(sums_, as_const(trailer()), total_trailer_.span());
  exchange_times(own);
  gradients_.comm.wait(sums_);
  gradients_.stream.done();  // all that it has came before: a later fault is none of its kernels'
  std::ranges::reverse_copy(sent_squares_.span(), squares_.begin());
  const auto sums = total_trailer_.span();
  return {.weight = sums[Trailer::weight],
          .loss = sums[Trailer::loss],
          .correct = sums[Trailer::correct],
          .stop = sums[Trailer::stop] > 0,
          .complete = sums[Trailer::complete] > 0};
}

/// Beside what the GPU does.
void DeviceBuckets::exchange_times(const telemetry::RankTimes& own) {
  comm::allgather(host_, std::span(&own, 1), std::span(times_), {.name = "times"});
}

std::size_t DeviceBuckets::device_bytes() const {
  return (1 + partial_sums_) * gradients_.grads.size_bytes() + norm_.squares().size_bytes();
}

}  // namespace rondo::grad
