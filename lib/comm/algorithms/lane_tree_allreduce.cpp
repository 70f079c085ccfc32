// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/lane_tree_allreduce.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "comm/algorithms/catalogue.hpp"
#include "comm/lane_tree_split.hpp"

namespace rondo::comm {
namespace {

/// One slice of one node of the tree, here or on its way.
struct Piece {
  LaneRange lanes;
  std::span<float> sum;
  std::optional<Transport::Ticket> arrival;
};

/// This rank's slice of the sum: collects it from all ranks' nodes, which tile the lanes in the
/// order of the ranks, and adds it up.
class SliceSum {
 public:
  SliceSum(Channel& channel, std::size_t lanes, std::span<float> slice)
      : channel_(channel), lanes_(lanes) {
    for (int rank = 0; rank < channel.size(); ++rank) {
      first_.push_back(pieces_.size());
      for (const LaneRange node : covering_nodes(lane_range(rank, channel.size(), lanes), lanes))
        pieces_.push_back({node, {}, {}});
    }
    first_.push_back(pieces_.size());
    place(slice);
  }

  void post_receives() {
    for (int step = 1; step < channel_.size(); ++step) {
      const int peer = (channel_.rank() + channel_.size() - step) % channel_.size();
      for (Piece& piece : pieces_of(peer))
        piece.arrival = channel_.receive(peer, std::as_writable_bytes(piece.sum));
    }
  }

  void take_own(std::span<const LaneNode> nodes) {
    const auto own = pieces_of(channel_.rank());
    for (std::size_t k = 0; k < own.size(); ++k) {
      const auto values = nodes[k].sum;
      const Cut cut = cut_of(values.size(), channel_.rank(), channel_.size());
      std::ranges::copy(values.subspan(cut.begin, cut.end - cut.begin), own[k].sum.begin());
    }
  }

  /// Leaves the sum over all lanes in the slice.
  Task add_up() {
    for (const Piece& piece : pieces_) {
      if (piece.arrival) co_await channel_.done(*piece.arrival);
    }
    auto piece = pieces_.begin();
    add_up({0, lanes_}, piece);
  }

 private:
  std::span<Piece> pieces_of(int rank) {
    const auto r = static_cast<std::size_t>(rank);
    return std::span(pieces_).subspan(first_[r], first_[r + 1] - first_[r]);
  }

  /// The leftmost piece, in which every sum to its right ends up, lies in the result.
  void place(std::span<float> slice) {
    memory_.emplace(channel_.scratch((pieces_.size() - 1) * slice.size_bytes()));
    auto* const floats = reinterpret_cast<float*>(memory_->bytes().data());
    for (std::size_t k = 0; k < pieces_.size(); ++k)
      pieces_[k].sum = k == 0 ? slice : std::span(floats + (k - 1) * slice.size(), slice.size());
  }

  /// Adds up the pieces below `node`, from `piece` on, in the first one's memory, which it returns.
  std::span<float> add_up(LaneRange node, std::vector<Piece>::iterator& piece) {
    if (piece->lanes == node) return piece++->sum;
    const std::size_t middle = split_of(node);
    const auto left = add_up({node.begin, middle}, piece);
    const auto right = add_up({middle, node.end}, piece);
    for (std::size_t i = 0; i < left.size(); ++i)
      left[i] += right[i];
    return left;
  }

  Channel& channel_;
  std::size_t lanes_;
  std::vector<Piece> pieces_;       // in the order of their lanes
  std::vector<std::size_t> first_;  // by rank, its first piece
  std::optional<Scratch> memory_;
};

}  // namespace

Task lane_tree_allreduce(Channel& channel, std::vector<LaneNode> nodes, std::size_t lanes,
                         std::span<float> result, Segmentation segmentation) {
  if (lanes == 0 || result.empty()) co_return;
  const auto slice = [&](auto values, int rank) {
    const Cut cut = cut_of(values.size(), rank, channel.size());
    return values.subspan(cut.begin, cut.end - cut.begin);
  };

  SliceSum sum(channel, lanes, slice(result, channel.rank()));
  sum.post_receives();
  std::vector<Transport::Ticket> sends;
  for (int step = 1; step < channel.size(); ++step) {
    const int peer = (channel.rank() + step) % channel.size();
    for (const LaneNode& node : nodes)
      sends.push_back(channel.send(peer, std::as_bytes(slice(node.sum, peer))));
  }
  sum.take_own(nodes);
  co_await sum.add_up();
  for (const auto ticket : sends)
    co_await channel.done(ticket);

  co_await algorithms::allgather(
      channel, Algorithm::ring,
      Blocks(std::as_writable_bytes(result), sizeof(float), channel.size()), segmentation);
}

}  // namespace rondo::comm
