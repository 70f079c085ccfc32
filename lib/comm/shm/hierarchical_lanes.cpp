// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/hierarchical_lanes.hpp"

#include <algorithm>
#include <utility>

#include "comm/algorithms/catalogue.hpp"
#include "comm/algorithms/group_transport.hpp"
#include "comm/node_subtrees.hpp"
#include "comm/shm/direct.hpp"
#include "comm/shm/lanes.hpp"
#include "comm/shm/slices.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

/// By node number, the bytes of every sum that this rank's counterpart there adds up.
std::vector<Cut> parts_of(const Node& node, const Call& call) {
  const std::size_t bytes = call.output.size();
  const auto nodes = static_cast<int>(node.counterparts().size());
  const Cut slice = slice_of(bytes, node.rank(), node.carriers());
  std::vector<Cut> parts;
  parts.reserve(node.counterparts().size());
  for (int number = 0; number < nodes; ++number) {
    if (scatters(call)) {
      const auto rank = static_cast<std::size_t>(node.global_rank(number, node.rank()));
      parts.push_back({rank * bytes, (rank + 1) * bytes});
    } else {  // as the allgather between the counterparts cuts it
      const Cut floats = cut_of((slice.end - slice.begin) / sizeof(float), number, nodes);
      parts.push_back(
          {slice.begin + floats.begin * sizeof(float), slice.begin + floats.end * sizeof(float)});
    }
  }
  return parts;
}

/// Of several pieces, which must be added up before the sum can be sent.
bool is_joint(const Subtree& subtree) {
  return subtree.end_piece - subtree.first_piece > 1;
}

/// A rank's part in one call, if it carries any.
class Carrier {
 public:
  Carrier(Node& node, Channel& channel, const Call& call, Segmentation segmentation)
      : node_(node),
        call_(call),
        segmentation_(segmentation),
        pieces_(channel.size(), call.lanes),
        subtrees_(subtrees_of_nodes(pieces_, channel.nodes(), call.lanes)),
        parts_(parts_of(node, call)),
        places_(pieces_.count()),
        group_(channel.transport(), node.counterparts(), node.number()),
        counterparts_(channel.over(group_)) {
    find_pieces();
  }

  /// Leaves this rank's part of the sum in its result. No message is under way when this ends.
  Task add_own_part();
  /// The other parts of this rank's slice come, and it goes to the node's other ranks.
  Task spread();

 private:
  struct Operand {
    LaneRange lanes;
    const std::byte* place;
  };

  const Cut& part(int number) const { return parts_[static_cast<std::size_t>(number)]; }
  /// Where the own part of the sum belongs.
  std::byte* result() const {
    return call_.output.data() + (scatters(call_) ? 0 : part(node_.number()).begin);
  }
  std::size_t own_bytes() const { return part(node_.number()).end - part(node_.number()).begin; }
  const std::vector<Subtree>& subtrees(int number) const {
    return subtrees_[static_cast<std::size_t>(number)];
  }
  std::size_t segment_bytes() const { return whole_segment_bytes(segmentation_, sizeof(float)); }
  int counterpart(int step) const {
    return (node_.number() + step + counterparts_.size()) % counterparts_.size();
  }

  std::span<const MemoryReference> shown(int local) const {
    return shown_by(node_, local, pieces_.count(node_.global_rank(local)));
  }
  void find_pieces();
  std::size_t bytes_to_come() const;
  std::size_t bytes_to_add_up() const;
  void post_receives(std::span<std::byte> memory);
  void send_sums(std::span<std::byte> memory);
  std::span<const std::byte> sum_of(const Subtree& subtree, Cut segment,
                                    std::span<std::byte>& memory) const;
  void add_segment(const TreeAddition& addition, std::size_t begin) const;

  Node& node_;
  const Call& call_;
  Segmentation segmentation_;
  RankNodes pieces_;
  std::vector<std::vector<Subtree>> subtrees_;  // by node
  std::vector<Cut> parts_;
  std::vector<const std::byte*> places_;                  // by piece, of those on this node
  std::vector<Operand> operands_;                         // of the own part, from left to right
  std::vector<std::vector<Transport::Ticket>> arrivals_;  // by segment of the own part
  std::vector<Transport::Ticket> departures_;
  GroupTransport group_;
  Channel counterparts_;
};

void Carrier::find_pieces() {
  for (int local = 0; local < node_.size(); ++local) {
    const int rank = node_.global_rank(local);
    const auto references = shown(local).subspan(1);
    for (std::size_t k = 0; k < references.size(); ++k)
      places_[pieces_.first(rank) + k] = node_.address(local, references[k]);
  }
  for (const Subtree& own : subtrees(node_.number())) {
    for (std::size_t k = own.first_piece; k < own.end_piece; ++k)
      operands_.push_back({pieces_.all()[k], places_[k] + part(node_.number()).begin});
  }
}

/// Segment by segment, in each of them subtree by subtree: a segment can then be added up while
/// the next ones are under way.
void Carrier::post_receives(std::span<std::byte> memory) {
  arrivals_.resize((own_bytes() + segment_bytes() - 1) / segment_bytes());
  for (int step = 1; step < counterparts_.size(); ++step) {
    const int peer = counterpart(-step);
    const auto theirs = memory.first(subtrees(peer).size() * own_bytes());
    memory = memory.subspan(theirs.size());
    for (std::size_t k = 0; k < subtrees(peer).size(); ++k)
      operands_.push_back({subtrees(peer)[k].lanes, theirs.data() + k * own_bytes()});
    for (std::size_t s = 0; s < arrivals_.size(); ++s) {
      const std::size_t begin = s * segment_bytes();
      const std::size_t bytes = std::min(segment_bytes(), own_bytes() - begin);
      for (std::size_t k = 0; k < subtrees(peer).size(); ++k)
        arrivals_[s].push_back(
            counterparts_.receive(peer, theirs.subspan(k * own_bytes() + begin, bytes)));
    }
  }
  std::ranges::sort(operands_, {}, [](const Operand& operand) { return operand.lanes.begin; });
}

std::size_t Carrier::bytes_to_come() const {
  std::size_t sums = 0;
  for (int step = 1; step < counterparts_.size(); ++step)
    sums += subtrees(counterpart(step)).size();
  return sums * own_bytes();
}

std::size_t Carrier::bytes_to_add_up() const {
  std::size_t bytes = 0;
  for (const Cut& part : parts_)
    bytes += part.end - part.begin;
  const auto sums = std::ranges::count_if(subtrees(node_.number()), is_joint);
  return static_cast<std::size_t>(sums) * (bytes - own_bytes());
}

void Carrier::send_sums(std::span<std::byte> memory) {
  for (int step = 1; step < counterparts_.size(); ++step) {
    const int peer = counterpart(step);
    for (std::size_t begin = part(peer).begin; begin < part(peer).end; begin += segment_bytes()) {
      const Cut segment{begin, std::min(begin + segment_bytes(), part(peer).end)};
      for (const Subtree& subtree : subtrees(node_.number()))
        departures_.push_back(counterparts_.send(peer, sum_of(subtree, segment, memory)));
      counterparts_.transport().progress();  // what was sent must not wait for the sums to come
    }
  }
}

/// Where it lies, if it is one rank's; else at the begin of `memory`, which is then the rest.
std::span<const std::byte> Carrier::sum_of(const Subtree& subtree, Cut segment,
                                           std::span<std::byte>& memory) const {
  const std::size_t bytes = segment.end - segment.begin;
  const std::size_t count = subtree.end_piece - subtree.first_piece;
  if (!is_joint(subtree)) return {places_[subtree.first_piece] + segment.begin, bytes};
  std::vector<const std::byte*> inputs;
  inputs.reserve(count);
  for (std::size_t k = subtree.first_piece; k < subtree.end_piece; ++k)
    inputs.push_back(places_[k] + segment.begin);
  const auto sum = memory.first(bytes);
  memory = memory.subspan(bytes);
  std::byte* const to = sum.data();
  TreeAddition(pieces_.all().subspan(subtree.first_piece, count), subtree.lanes)
      .add(inputs, std::span(&to, 1), bytes, Stores::cached);
  return sum;
}

void Carrier::add_segment(const TreeAddition& addition, std::size_t begin) const {
  std::vector<const std::byte*> inputs;
  inputs.reserve(operands_.size());
  for (const Operand& operand : operands_)
    inputs.push_back(operand.place + begin);
  std::byte* const to = result() + begin;
  addition.add(inputs, std::span(&to, 1), std::min(segment_bytes(), own_bytes() - begin),
               Stores::cached);
}

Task Carrier::add_own_part() {
  Scratch incoming = counterparts_.scratch(bytes_to_come());
  Scratch outgoing = counterparts_.scratch(bytes_to_add_up());
  post_receives(incoming.bytes());
  send_sums(outgoing.bytes());
  std::vector<LaneRange> lanes;
  lanes.reserve(operands_.size());
  for (const Operand& operand : operands_)
    lanes.push_back(operand.lanes);
  const TreeAddition addition(lanes, {0, call_.lanes});
  for (std::size_t s = 0; s < arrivals_.size(); ++s) {
    for (const Transport::Ticket arrival : arrivals_[s])
      co_await counterparts_.done(arrival);
    add_segment(addition, s * segment_bytes());
  }
  for (const Transport::Ticket departure : departures_)
    co_await counterparts_.done(departure);
}

Task Carrier::spread() {
  const Cut slice{parts_.front().begin, parts_.back().end};
  const auto own = call_.output.subspan(slice.begin, slice.end - slice.begin);
  co_await algorithms::allgather(counterparts_, Algorithm::ring,
                                 Blocks(own, sizeof(float), counterparts_.size()), segmentation_);
  for (int local = 0; local < node_.size(); ++local) {
    if (local == node_.rank()) continue;
    std::byte* const output = node_.address(local, shown(local)[0]);
    copy_bytes(own, {output + slice.begin, own.size()}, Stores::cached);
  }
}

}  // namespace

Task hierarchical_lanes(Node& node, Channel& channel, Call call, std::vector<LaneNode> nodes,
                        Signature signature, Segmentation segmentation) {
  co_await enter_lanes_round(node, channel.runner(), call, std::move(nodes), signature);
  node.require_all();
  if (node.rank() < node.carriers() && !call.output.empty()) {
    Carrier carrier(node, channel, call, segmentation);
    co_await carrier.add_own_part();
    if (!scatters(call)) co_await carrier.spread();
  }
  co_await finish_round(node, channel.runner());
}

}  // namespace rondo::comm
