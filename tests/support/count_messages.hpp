// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "support/counting_transport.hpp"
#include "support/run_on_nodes.hpp"

namespace rondo::test {

/// What all ranks' messages in one call are, in bytes, but for those of comparing the call.
struct Traffic {
  std::size_t inside_nodes = 0;
  std::size_t between_nodes = 0;
};

/// Of one `call` on ranks on `nodes`, after what `before` does there.
inline Traffic count_messages(const std::vector<int>& nodes,
                              const std::function<void(comm::Communicator&)>& before,
                              const std::function<void(comm::Communicator&)>& call,
                              const comm::CommunicatorOptions& options = {
                                  .time_limit = std::chrono::seconds(30)}) {
  std::vector<std::unique_ptr<comm::Transport>> plain(nodes.size());
  std::vector<const CountingTransport*> counting(nodes.size());
  const auto wrap = [&](std::unique_ptr<comm::Transport> transport) {
    const auto rank = static_cast<std::size_t>(transport->rank());
    plain[rank] = std::move(transport);
    auto wrapped = std::make_unique<CountingTransport>(*plain[rank]);
    counting[rank] = wrapped.get();
    return wrapped;
  };
  std::atomic<std::size_t> inside_nodes = 0;
  std::atomic<std::size_t> between_nodes = 0;
  const auto body = [&](comm::Communicator& comm) {
    before(comm);
    const auto& sent = counting[static_cast<std::size_t>(comm.rank())]->bytes_sent_to();
    const auto start = sent;
    comm::barrier(comm);
    const auto middle = sent;
    call(comm);
    for (std::size_t peer = 0; peer < nodes.size(); ++peer) {
      const std::size_t checking = middle[peer] - start[peer];
      const std::size_t data = sent[peer] - middle[peer] - checking;
      const bool inside = nodes[peer] == comm.place().node;
      (inside ? inside_nodes : between_nodes) += data;
    }
  };
  run_on_nodes(nodes, body, options, wrap);
  return {inside_nodes, between_nodes};
}

}  // namespace rondo::test
