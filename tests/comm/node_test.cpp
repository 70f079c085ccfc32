// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/node.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "comm/inproc/inproc_world.hpp"
#include "comm/run_to_end.hpp"

namespace rondo::comm {
namespace {

constexpr int tag = 1;

/// Runs a task of every rank's transport to its end.
void run_to_end(Transport& transport, const std::function<Task(Channel&)>& make) {
  comm::run_to_end(transport, tag, std::chrono::steady_clock::now() + std::chrono::seconds(30),
                   make);
}

/// Runs `body(node, transport)` on a thread for each of `ranks` ranks of one node.
void on_node(int ranks, const std::function<void(Node&, Transport&)>& body) {
  InprocWorld world(ranks, ranks);
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      const auto transport = world.transport(rank);
      std::unique_ptr<Node> node;
      run_to_end(*transport, [&](Channel& channel) { return Node::create(channel, node); });
      body(*node, *transport);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

std::shared_ptr<Segment> add_window(Node& node, Transport& transport) {
  Node::Segments window;
  run_to_end(transport,
             [&](Channel& channel) { return node.add_window(channel, std::size_t{4096}, window); });
  return window[static_cast<std::size_t>(node.rank())];
}

TEST(Node, forgets_windows_that_all_ranks_have_given_back) {
  on_node(3, [](Node& node, Transport& transport) {
    const auto kept = add_window(node, transport);
    for (int k = 0; k < 20; ++k) {
      const auto own = add_window(node, transport);
      EXPECT_EQ(node.locate(own->bytes()).window, 1);
      own->retire();
    }
    EXPECT_EQ(node.locate(kept->bytes()).window, 0);
  });
}

TEST(Node, finds_the_same_memory_of_all_ranks_under_one_reference_after_some_were_given_back) {
  on_node(3, [](Node& node, Transport& transport) {
    std::vector<std::shared_ptr<Segment>> windows;
    for (int k = 0; k < 6; ++k) {
      if (k >= 2 && k % 2 == node.rank() % 2) windows[static_cast<std::size_t>(k) - 2]->retire();
      windows.push_back(add_window(node, transport));
    }
    windows.push_back(add_window(node, transport));

    const auto last = windows.back();
    std::ranges::fill(last->bytes(), static_cast<std::byte>(node.rank() + 1));
    const MemoryReference reference = node.locate(last->bytes());
    add_window(node, transport);  // nobody goes on before all have filled theirs
    for (int local = 0; local < node.size(); ++local)
      EXPECT_EQ(*node.address(local, reference), static_cast<std::byte>(local + 1));
  });
}

}  // namespace
}  // namespace rondo::comm
