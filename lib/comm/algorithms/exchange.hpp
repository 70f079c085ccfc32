// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "comm/algorithms/element_channel.hpp"

namespace rondo::comm::algorithms {

/// One step of an algorithm: sends and receives some segments, ElementChannel::ahead() at a time.
///
/// `send(k)` is called for k < sends, `post(k)` for k < receives and yields an Arrival;
/// `absorb(k, arrival)` is called once arrival k has come and send k, if there is one, is through:
/// it may overwrite what was sent. The callables are copied; what they refer to must outlive the
/// task.
template <class Send, class Post, class Absorb>
Task exchange(ElementChannel& elements, std::size_t sends, Send send, std::size_t receives,
              Post post, Absorb absorb) {
  const std::size_t steps = std::max(sends, receives);
  const std::size_t sent_before = elements.sends();
  std::deque<Arrival> arrivals;
  std::size_t begun = 0;
  for (std::size_t k = 0; k < steps; ++k) {
    for (; begun < std::min(k + elements.ahead(), steps); ++begun) {
      if (begun < receives) arrivals.push_back(post(begun));
      if (begun < sends) send(begun);
    }
    if (k < sends) co_await elements.sent(sent_before + k + 1);
    if (k >= receives) continue;
    co_await elements.come(arrivals.front());
    absorb(k, arrivals.front());
    arrivals.pop_front();
  }
}

/// Sends `values` to `peer`.
inline Task send_all(ElementChannel& elements, int peer, std::span<const std::byte> values) {
  const auto segments = elements.segments(values);
  co_await exchange(
      elements, segments.size(), [&](std::size_t k) { elements.send(peer, segments[k]); }, 0,
      [](std::size_t) { return Arrival(); }, [](std::size_t, Arrival&) {});
}

/// `values` becomes what `peer` sends.
inline Task receive_all(ElementChannel& elements, int peer, std::span<std::byte> values) {
  const auto segments = elements.segments(values);
  co_await exchange(
      elements, 0, [](std::size_t) {}, segments.size(),
      [&](std::size_t k) { return elements.receive(peer, segments[k]); },
      [&](std::size_t k, Arrival& arrival) { elements.unpack(arrival, segments[k]); });
}

/// Sends `outgoing` to `peer` while `values` becomes values op what `peer` sends. Either may be
/// empty; they do not overlap.
inline Task exchange_and_reduce(ElementChannel& elements, int peer,
                                std::span<const std::byte> outgoing, std::span<std::byte> values) {
  const auto sent = elements.segments(outgoing);
  const auto reduced = elements.segments(values);
  co_await exchange(
      elements, sent.size(), [&](std::size_t k) { elements.send(peer, sent[k]); }, reduced.size(),
      [&](std::size_t k) { return elements.receive_operand(peer, reduced[k].size()); },
      [&](std::size_t k, Arrival& arrival) { elements.reduce(reduced[k], arrival); });
}

}  // namespace rondo::comm::algorithms
