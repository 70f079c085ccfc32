// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/direct.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace rondo::comm::algorithms {
namespace {

/// Segment k of every block, which may have none.
template <class Byte>
class SegmentTable {
 public:
  SegmentTable(const ElementChannel& elements, const BasicBlocks<Byte>& blocks) {
    for (int block = 0; block < blocks.count(); ++block) {
      segments_.push_back(elements.segments(blocks[block]));
      rows_ = std::max(rows_, segments_.back().size());
    }
  }

  std::size_t rows() const noexcept { return rows_; }
  std::span<Byte> at(int block, std::size_t k) const {
    const auto& segments = segments_[static_cast<std::size_t>(block)];
    return k < segments.size() ? segments[k] : std::span<Byte>();
  }

 private:
  std::vector<std::vector<std::span<Byte>>> segments_;
  std::size_t rows_ = 0;
};

/// The others, beginning with the next: so that not all send to the same rank at the same time.
std::vector<int> others(const ElementChannel& elements) {
  std::vector<int> peers;
  for (int distance = 1; distance < elements.size(); ++distance)
    peers.push_back((elements.rank() + distance) % elements.size());
  return peers;
}

/// Rows in flight: about as many messages as ElementChannel::ahead().
std::size_t rows_ahead(const ElementChannel& elements) {
  return std::max<std::size_t>(elements.ahead() / static_cast<std::size_t>(elements.size()), 2);
}

/// Works off rows in order, some begun ahead: `begin(row)` posts its receives, in the order of the
/// peers, and its sends; `end(row, arrivals)` is called when they have come.
template <class Begin, class End>
Task by_rows(ElementChannel& elements, std::size_t rows, Begin begin, End end) {
  struct Row {
    std::vector<Arrival> arrivals;
    std::size_t sends;
  };
  std::deque<Row> under_way;
  std::size_t begun = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    for (; begun < std::min(row + rows_ahead(elements), rows); ++begun) {
      auto arrivals = begin(begun);
      under_way.push_back({std::move(arrivals), elements.sends()});
    }
    for (const Arrival& arrival : under_way.front().arrivals)
      co_await elements.come(arrival);
    end(row, under_way.front().arrivals);
    co_await elements.sent(under_way.front().sends);
    under_way.pop_front();
  }
}

/// Reduces what the others sent with the own values, in the order of the ranks.
void reduce_in_order(ElementChannel& elements, std::vector<Arrival>& arrivals,
                     std::span<const std::byte> own, std::span<std::byte> result) {
  std::vector<const std::byte*> inputs(static_cast<std::size_t>(elements.size()), own.data());
  auto arrival = arrivals.begin();
  for (const int peer : others(elements))
    inputs[static_cast<std::size_t>(peer)] = elements.values_of(*arrival++).data();
  elements.reduce_all(inputs, result, elements.divisor());
}

}  // namespace

Task direct_allreduce(ElementChannel& elements, std::span<std::byte> data) {
  const Blocks blocks(data, elements.element_bytes(), elements.size());
  const auto own = blocks[elements.rank()];
  co_await direct_reduce_scatter(elements, blocks, own);
  elements.round(own);
  co_await direct_allgather(elements, blocks);
}

Task direct_reduce_scatter(ElementChannel& elements, ConstBlocks input,
                           std::span<std::byte> result) {
  const SegmentTable segments(elements, input);
  const auto results = elements.segments(result);
  const auto peers = others(elements);
  const auto begin = [&](std::size_t k) {
    std::vector<Arrival> arrivals;
    for (const int peer : peers) {
      if (k < results.size()) arrivals.push_back(elements.receive_operand(peer, results[k].size()));
      const auto outgoing = segments.at(peer, k);
      if (!outgoing.empty()) elements.send(peer, outgoing);
    }
    return arrivals;
  };
  const auto end = [&](std::size_t k, std::vector<Arrival>& arrivals) {
    if (k < results.size())
      reduce_in_order(elements, arrivals, segments.at(elements.rank(), k), results[k]);
  };
  co_await by_rows(elements, segments.rows(), begin, end);
}

Task direct_allgather(ElementChannel& elements, Blocks blocks) {
  const SegmentTable segments(elements, blocks);
  const auto peers = others(elements);
  const auto begin = [&](std::size_t k) {
    std::vector<Arrival> arrivals;
    const auto own = segments.at(elements.rank(), k);
    Parcel parcel;
    if (!own.empty()) parcel = elements.pack(own);
    for (const int peer : peers) {
      const auto values = segments.at(peer, k);
      if (!values.empty()) arrivals.push_back(elements.receive(peer, values));
      if (!own.empty()) elements.send(peer, parcel);
    }
    return arrivals;
  };
  const auto end = [&](std::size_t k, std::vector<Arrival>& arrivals) {
    auto arrival = arrivals.begin();
    for (const int peer : peers) {
      const auto values = segments.at(peer, k);
      if (!values.empty()) elements.unpack(*arrival++, values);
    }
  };
  co_await by_rows(elements, segments.rows(), begin, end);
}

Task direct_all_to_all(ElementChannel& elements, ConstBlocks input, Blocks output) {
  const SegmentTable outgoing(elements, input);
  const SegmentTable incoming(elements, output);
  const auto peers = others(elements);
  const auto begin = [&](std::size_t k) {
    std::vector<Arrival> arrivals;
    for (const int peer : peers) {
      arrivals.push_back(elements.receive(peer, incoming.at(peer, k)));
      elements.send(peer, outgoing.at(peer, k));
    }
    return arrivals;
  };
  const auto end = [&](std::size_t k, std::vector<Arrival>& arrivals) {
    auto arrival = arrivals.begin();
    for (const int peer : peers)
      elements.unpack(*arrival++, incoming.at(peer, k));
  };
  co_await by_rows(elements, outgoing.rows(), begin, end);
}

}  // namespace rondo::comm::algorithms
