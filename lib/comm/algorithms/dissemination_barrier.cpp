// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/dissemination_barrier.hpp"

namespace rondo::comm {

Task dissemination_barrier(Channel& channel) {
  const int size = channel.size();
  // Before each round this rank knows of the `distance` ranks that end with itself.
  for (int distance = 1; distance < size; distance *= 2) {
    const auto arrival = channel.receive((channel.rank() + size - distance) % size, {});
    const auto departure = channel.send((channel.rank() + distance) % size, {});
    co_await channel.done(arrival);
    co_await channel.done(departure);
  }
}

}  // namespace rondo::comm
