// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/lane_tree.hpp"

#include <utility>
#include <vector>

#include "comm/algorithms/catalogue.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

/// Rank `rank`'s part of `values`, in bytes.
std::span<const std::byte> slice_for(std::span<const float> values, int rank, int size) {
  const Cut cut = cut_of(values.size(), rank, size);
  return std::as_bytes(values.subspan(cut.begin, cut.end - cut.begin));
}

/// The slices of all nodes that rank() is to add: its own where they are, the others' in memory for
/// messages. `count` elements each.
class Pieces {
 public:
  Pieces(Channel& channel, const RankNodes& nodes, std::size_t slice_bytes)
      : channel_(channel),
        nodes_(nodes),
        slice_bytes_(slice_bytes),
        memory_(channel.scratch((nodes.count() - nodes.count(channel.rank())) * slice_bytes)),
        places_(nodes.count()) {}

  std::span<const std::byte* const> places() const noexcept { return places_; }

  void take_own(std::span<const LaneNode> own) {
    const std::size_t first = nodes_.first(channel_.rank());
    for (std::size_t k = 0; k < own.size(); ++k)
      places_[first + k] = slice_for(own[k].sum, channel_.rank(), channel_.size()).data();
  }

  void post_receives(std::vector<Transport::Ticket>& tickets) {
    auto free = memory_.bytes();
    for (int step = 1; step < channel_.size(); ++step) {
      const int peer = (channel_.rank() + channel_.size() - step) % channel_.size();
      for (std::size_t k = nodes_.first(peer); k < nodes_.first(peer + 1); ++k) {
        const auto place = free.first(slice_bytes_);
        free = free.subspan(slice_bytes_);
        tickets.push_back(channel_.receive(peer, place));
        places_[k] = place.data();
      }
    }
  }

 private:
  Channel& channel_;
  const RankNodes& nodes_;
  std::size_t slice_bytes_;
  Scratch memory_;
  std::vector<const std::byte*> places_;
};

/// Leaves this rank's part of the sum in `slice`. It may lie in one of the nodes: no message reads
/// that part. All messages are through when this ends.
Task add_slice(Channel& channel, std::vector<LaneNode> own, std::size_t lanes,
               std::span<float> slice) {
  const RankNodes nodes(channel.size(), lanes);
  Pieces pieces(channel, nodes, slice.size_bytes());
  std::vector<Transport::Ticket> tickets;
  pieces.post_receives(tickets);
  const std::size_t arrivals = tickets.size();
  for (int step = 1; step < channel.size(); ++step) {
    const int peer = (channel.rank() + step) % channel.size();
    for (const LaneNode& node : own)
      tickets.push_back(channel.send(peer, slice_for(node.sum, peer, channel.size())));
  }
  pieces.take_own(own);
  const TreeAddition addition(nodes.all(), {0, lanes});
  for (std::size_t k = 0; k < arrivals; ++k)
    co_await channel.done(tickets[k]);
  channel.arithmetic().add_along_tree(addition, pieces.places(), std::as_writable_bytes(slice));
  for (std::size_t k = arrivals; k < tickets.size(); ++k)
    co_await channel.done(tickets[k]);
}

}  // namespace

Task lane_tree_reduce_scatter(Channel& channel, std::vector<LaneNode> nodes, std::size_t lanes,
                              std::span<float> result) {
  if (!result.empty()) co_await add_slice(channel, std::move(nodes), lanes, result);
}

Task lane_tree_allreduce(Channel& channel, std::vector<LaneNode> nodes, std::size_t lanes,
                         std::span<float> result, Segmentation segmentation) {
  if (result.empty()) co_return;
  const Cut cut = cut_of(result.size(), channel.rank(), channel.size());
  co_await add_slice(channel, std::move(nodes), lanes,
                     result.subspan(cut.begin, cut.end - cut.begin));
  co_await algorithms::allgather(
      channel, Algorithm::ring,
      Blocks(std::as_writable_bytes(result), sizeof(float), channel.size()), segmentation);
}

}  // namespace rondo::comm
