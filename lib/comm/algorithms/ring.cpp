// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/ring.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace rondo::comm::algorithms {
namespace {

/// What becomes of a segment that comes from the left.
enum class Stage {
  partial,    // some ranks' reduction: with the own values added it goes on
  completed,  // all other ranks' reduction: with the own values added it is the result
  result      // it is the result
};

struct Hop {
  Stage stage;
  std::span<const std::byte> own;  // values to be added
  std::span<std::byte> result;
  bool goes_on;
  std::size_t after;  // sends that must be through before it may come: it lands where they were
};

/// All that one rank does: it sends `opening` and then answers, in order, what comes.
struct Route {
  std::vector<std::span<const std::byte>> opening;
  std::vector<Hop> hops;
};

class Ring {
 public:
  Ring(ElementChannel& elements, Route route)
      : elements_(elements), route_(std::move(route)), sent_before_(elements.sends()) {}

  Task run() {
    for (const auto segment : route_.opening)
      send(elements_.pack(segment));
    for (const Hop& hop : route_.hops) {
      co_await post_receives();
      co_await elements_.come(arrivals_.front());
      answer(hop, arrivals_.front());
      arrivals_.pop_front();
      ++answered_;
    }
    co_await elements_.all_sent();
  }

 private:
  int right() const noexcept { return (elements_.rank() + 1) % elements_.size(); }
  int left() const noexcept { return (elements_.rank() + elements_.size() - 1) % elements_.size(); }
  void send(Parcel parcel) { elements_.send(right(), std::move(parcel)); }

  /// Posts the next receive and those ahead of it.
  ///
  /// What a result lands on was sent a round of the ring earlier, or, with two ranks, at once: the
  /// wait for it is short.
  Task post_receives() {
    const std::size_t limit = std::min(answered_ + elements_.ahead(), route_.hops.size());
    for (; posted_ < limit; ++posted_) {
      const Hop& hop = route_.hops[posted_];
      co_await elements_.sent(sent_before_ + hop.after);
      arrivals_.push_back(hop.stage == Stage::result
                              ? elements_.receive(left(), hop.result)
                              : elements_.receive_operand(left(), hop.own.size()));
    }
  }

  void answer(const Hop& hop, const Arrival& arrival) {
    switch (hop.stage) {
      case Stage::partial: return send(elements_.combine(arrival, hop.own));
      case Stage::completed:
        if (hop.own.data() != hop.result.data()) elements_.copy(hop.own, hop.result);
        elements_.reduce(hop.result, arrival);
        elements_.divide(hop.result);
        if (!hop.goes_on) return;
        elements_.round(hop.result);
        return send(elements_.pack(hop.result));
      case Stage::result:
        if (hop.goes_on) send(arrival.parcel());
        return elements_.unpack(arrival, hop.result);
    }
  }

  ElementChannel& elements_;
  Route route_;
  std::size_t sent_before_;
  std::deque<Arrival> arrivals_;
  std::size_t posted_ = 0;
  std::size_t answered_ = 0;
};

/// The reduction of block b starts at rank b + 1 and ends at rank b.
void route_reduction(const ElementChannel& elements, ConstBlocks input, std::span<std::byte> result,
                     bool goes_on, Route& route) {
  const int rank = elements.rank();
  route.opening = elements.segments(input[rank - 1]);
  for (int step = 2; step < elements.size(); ++step) {
    for (const auto segment : elements.segments(input[rank - step]))
      route.hops.push_back({Stage::partial, segment, {}, true, 0});
  }
  const auto own = elements.segments(input[rank]);
  const auto results = elements.segments(result);
  for (std::size_t k = 0; k < own.size(); ++k)
    route.hops.push_back({Stage::completed, own[k], results[k], goes_on, 0});
}

/// Block b, complete at rank b, goes round to rank b - 1.
void route_results(const ElementChannel& elements, const Blocks& blocks, Route& route) {
  const int size = elements.size();
  for (int step = 1; step < size; ++step) {
    for (const auto segment : elements.segments(blocks[elements.rank() - step]))
      route.hops.push_back({Stage::result, {}, segment, step < size - 1, 0});
  }
}

}  // namespace

Task ring_allreduce(ElementChannel& elements, std::span<std::byte> data) {
  const Blocks blocks(data, elements.element_bytes(), elements.size());
  Route route;
  route_reduction(elements, blocks, blocks[elements.rank()], true, route);
  const std::size_t reduced = route.hops.size();
  route_results(elements, blocks, route);
  // The first results land on the block that the opening was sent from.
  for (std::size_t k = 0; k < route.opening.size(); ++k)
    route.hops[reduced + k].after = k + 1;
  Ring ring(elements, std::move(route));
  co_await ring.run();
}

Task ring_reduce_scatter(ElementChannel& elements, ConstBlocks input, std::span<std::byte> result) {
  Route route;
  route_reduction(elements, input, result, false, route);
  Ring ring(elements, std::move(route));
  co_await ring.run();
}

Task ring_allgather(ElementChannel& elements, Blocks blocks) {
  Route route;
  for (const auto segment : elements.segments(blocks[elements.rank()]))
    route.opening.emplace_back(segment);
  route_results(elements, blocks, route);
  Ring ring(elements, std::move(route));
  co_await ring.run();
}

}  // namespace rondo::comm::algorithms
