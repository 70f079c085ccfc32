// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "comm/algorithms/channel.hpp"
#include "comm/shm/board.hpp"
#include "comm/shm/node_map.hpp"
#include "comm/shm/segment.hpp"
#include "comm/signature.hpp"

namespace rondo::comm {

/// The ranks of a communicator on one node and the memory that they share: a board each, and the
/// windows that Communicator::allocate adds. Ranks are numbered within the node here.
///
/// Operations are rounds: each rank publishes what it calls, waits for the others' posts, compares,
/// and works. All ranks of the node make the same rounds in the same order. One thread at a time.
class Node : public NodeMap {
 public:
  /// The ranks of `channel` that `nodes` puts on this rank's node exchange boards.
  ///
  /// Collective over the node. \throws CommError  on all its ranks, ExitCode::internal, if any of
  /// them cannot share memory; messages work on
  static Task create(Channel& channel, std::unique_ptr<Node>& node);

  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Board& board(int local) { return *boards_[static_cast<std::size_t>(local)]; }
  Board& own_board() { return board(rank()); }

  using Segments = std::vector<std::shared_ptr<Segment>>;  // by rank on the node

  /// Gives every rank memory of `bytes`, its part of one more `window`.
  ///
  /// Collective over the node. \throws CommError  on all its ranks, if any has no memory left
  Task add_window(Channel& channel, std::size_t bytes, Segments& window);

  /// Where `bytes` lie in this rank's windows.
  MemoryReference locate(std::span<const std::byte> bytes) const;
  /// Rank `local`'s memory as this rank sees it.
  std::byte* address(int local, MemoryReference reference) const;

  /// Enters the next round. Up to Post::payload_bytes of `contribution` are shown to the others.
  std::uint64_t publish(const Call& call, const Signature& signature,
                        std::span<const std::byte> contribution);
  Post& post(int local) { return board(local).posts[round_ % 2]; }
  /// What rank `local` contributed to the present round.
  const std::byte* contribution(int local, std::size_t bytes);
  bool has_posted(int local) {
    return post(local).head.round.load(std::memory_order_acquire) >= round_;
  }
  /// All have posted: do they call the same? \throws CommError  disagreement()
  void compare_posts(const Signature& mine);
  std::uint64_t round() const noexcept { return round_; }

  class Reached;
  /// `co_await node.posted(...)`: rank `local` has entered the present round.
  Reached posted(Runner& runner, int local);
  /// `co_await node.reached(...)`: that rank's counter has come to `value`.
  Reached reached(Runner& runner, int local, Counter Board::*counter, std::uint64_t value);

  /// Whether rank `local` has left or failed; what it did before that can be seen then.
  bool is_gone(int local) { return board(local).gone.load(std::memory_order_acquire) != 0; }
  [[noreturn]] void throw_gone(int local);
  /// None has left or failed: whoever did wants its windows for itself. \throws CommError
  void require_all() {
    for (int local = 0; local < size(); ++local) {
      if (is_gone(local)) throw_gone(local);
    }
  }
  /// Tells the others that this rank will do nothing more.
  void leave(std::string_view reason) noexcept;

  /// Memory for lists of one pointer for each rank of the node.
  std::span<const std::byte*> inputs() noexcept { return inputs_; }
  std::span<std::byte*> outputs() noexcept { return outputs_; }

  /// Chunks that went through the boards' slots in all earlier rounds.
  std::uint64_t chunks() const noexcept { return chunks_; }
  void add_chunks(std::uint64_t count) noexcept { chunks_ += count; }

 private:
  explicit Node(Channel& channel);
  Task exchange(Channel& channel, std::shared_ptr<Segment> own, Segments& segments);
  Task swap_with_all(Channel& channel, std::span<std::byte> letters, std::size_t bytes);
  void drop_retired_windows() noexcept;

  Segments board_segments_;
  std::vector<Board*> boards_;
  std::vector<Segments> windows_;
  std::vector<const std::byte*> inputs_;
  std::vector<std::byte*> outputs_;
  std::uint64_t round_ = 0;
  std::uint64_t chunks_ = 0;
};

/// A counter of another rank's board that has come to some value.
class Node::Reached final : public Condition {
 public:
  Reached(Node& node, Runner& runner, int local, const std::atomic<std::uint64_t>& counter,
          std::uint64_t value) noexcept
      : Condition(runner), node_(node), local_(local), counter_(counter), value_(value) {}

  bool ready() override {
    const auto reached = [&] { return counter_.load(std::memory_order_acquire) >= value_; };
    if (reached()) return true;
    if (!node_.is_gone(local_)) return false;
    if (reached()) return true;  // it left after that
    node_.throw_gone(local_);
  }
  std::string describe() const override;

 private:
  Node& node_;
  int local_;
  const std::atomic<std::uint64_t>& counter_;
  std::uint64_t value_;
};

inline Node::Reached Node::posted(Runner& runner, int local) {
  return {*this, runner, local, post(local).head.round, round_};
}
inline Node::Reached Node::reached(Runner& runner, int local, Counter Board::*counter,
                                   std::uint64_t value) {
  return {*this, runner, local, (board(local).*counter).value, value};
}

}  // namespace rondo::comm
