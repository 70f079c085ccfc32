// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/node.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/log.hpp"

namespace rondo::comm {
namespace {

std::uint64_t hash_of(const Signature& signature) {
  return content_hash(std::as_bytes(std::span(&signature, 1)));
}

/// nullptr where there is no memory: the others must learn of it before this rank throws.
std::shared_ptr<Segment> try_create(std::size_t bytes) {
  try {
    return Segment::create(bytes);
  } catch (const CommError& e) {
    log::error(e.what());
    return nullptr;
  }
}

}  // namespace

Node::Node(Channel& channel)
    : NodeMap(ranks_by_node(channel.nodes()),
              channel.nodes()[static_cast<std::size_t>(channel.rank())], channel.rank()) {
  inputs_.resize(members().size());
  outputs_.resize(members().size());
}

Node::~Node() {
  if (!boards_.empty()) leave("has left");
}

Task Node::create(Channel& channel, std::unique_ptr<Node>& node) {
  std::unique_ptr<Node> made(new Node(channel));
  if (made->members().size() > Board::most_ranks)
    throw CommError(fmt::format("{} ranks on a node: at most {} can share its memory",
                                made->members().size(), Board::most_ranks),
                    ExitCode::internal);
  auto own = try_create(sizeof(Board));
  if (own) new (own->bytes().data()) Board;
  co_await made->exchange(channel, std::move(own), made->board_segments_);
  for (const auto& segment : made->board_segments_)
    made->boards_.push_back(reinterpret_cast<Board*>(segment->bytes().data()));
  node = std::move(made);
}

/// Every rank's segment, attached. When this ends, all ranks have attached all of them, or all
/// throw. `own` is nullptr on a rank that has none.
Task Node::exchange(Channel& channel, std::shared_ptr<Segment> own, Segments& segments) {
  struct Letter {
    Segment::Handle handle;
    std::int64_t attached_all;
  };
  const std::size_t count = members().size();
  Scratch memory = channel.letters((count + 1) * sizeof(Letter));
  const std::span letters(reinterpret_cast<Letter*>(memory.bytes().data()), count + 1);
  letters[count] = {own ? own->handle() : Segment::Handle{}, 0};
  co_await swap_with_all(channel, std::as_writable_bytes(letters), sizeof(Letter));
  drop_retired_windows();  // all are here until the next swap, and drop the same

  std::string failure;
  try {
    for (std::size_t i = 0; i < count; ++i)
      segments.push_back(static_cast<int>(i) == rank() ? own : Segment::attach(letters[i].handle));
    letters[count].attached_all = own ? 1 : 0;
  } catch (const CommError& e) {
    failure = e.what();
  }
  co_await swap_with_all(channel, std::as_writable_bytes(letters), sizeof(Letter));
  if (own) own->close();
  if (!failure.empty()) throw CommError(failure, ExitCode::internal);
  for (std::size_t i = 0; i < count; ++i) {
    if (letters[i].attached_all == 0)
      throw CommError(fmt::format("rank {} cannot use this node's shared memory", members()[i]),
                      ExitCode::internal);
  }
}

/// Sends the last of the equally long `letters` to every rank of the node, whose own become the
/// first ones.
Task Node::swap_with_all(Channel& channel, std::span<std::byte> letters, std::size_t bytes) {
  std::vector<Transport::Ticket> tickets;
  for (std::size_t i = 0; i < members().size(); ++i) {
    tickets.push_back(channel.receive(members()[i], letters.subspan(i * bytes, bytes)));
    tickets.push_back(channel.send(members()[i], letters.last(bytes)));
  }
  for (const auto ticket : tickets)
    co_await channel.done(ticket);
}

Task Node::add_window(Channel& channel, std::size_t bytes, Segments& window) {
  co_await exchange(channel, try_create(bytes), window);
  windows_.push_back(window);
}

/// A window goes once all ranks have retired theirs, which moves those behind it.
void Node::drop_retired_windows() noexcept {
  for (Segments& window : windows_) {
    for (auto& segment : window) {
      if (segment && segment->retired()) segment.reset();
    }
  }
  std::erase_if(windows_, [](const Segments& window) {
    return std::ranges::all_of(window, [](const auto& segment) { return segment == nullptr; });
  });
}

MemoryReference Node::locate(std::span<const std::byte> bytes) const {
  if (bytes.empty()) return {};
  for (std::size_t k = 0; k < windows_.size(); ++k) {
    const auto& own = windows_[k][static_cast<std::size_t>(rank())];
    if (!own || own->retired()) continue;
    const auto memory = own->bytes();
    if (bytes.data() < memory.data() || bytes.data() + bytes.size() > memory.data() + memory.size())
      continue;
    return {static_cast<std::int64_t>(k), static_cast<std::uint64_t>(bytes.data() - memory.data())};
  }
  return {};
}

std::byte* Node::address(int local, MemoryReference reference) const {
  const auto& window = windows_[static_cast<std::size_t>(reference.window)];
  return window[static_cast<std::size_t>(local)]->bytes().data() + reference.offset;
}

std::uint64_t Node::publish(const Call& call, const Signature& signature,
                            std::span<const std::byte> contribution) {
  ++round_;
  Post& mine = post(rank());
  mine.signature = signature;
  mine.head.signature_hash = hash_of(signature);
  if (contribution.size() <= Post::brief_bytes) {
    std::ranges::copy(contribution, mine.head.brief.begin());
  } else {
    std::memcpy(mine.payload.data(), contribution.data(), contribution.size());
  }
  if (contribution.empty()) {
    mine.input = locate(call.input);
    mine.output = locate(call.output);
  }
  mine.head.round.store(round_, std::memory_order_release);
  return round_;
}

const std::byte* Node::contribution(int local, std::size_t bytes) {
  const Post& theirs = post(local);
  return bytes <= Post::brief_bytes ? theirs.head.brief.data() : theirs.payload.data();
}

void Node::compare_posts(const Signature& mine) {
  const std::uint64_t hash = post(rank()).head.signature_hash;
  for (int local = 0; local < size(); ++local) {
    const Post& theirs = post(local);
    if (theirs.head.signature_hash != hash)
      throw disagreement(global_rank(rank()), mine, global_rank(local), theirs.signature);
  }
}

void Node::throw_gone(int local) {
  throw CommError(fmt::format("rank {} {}", global_rank(local), board(local).reason.data()));
}

void Node::leave(std::string_view reason) noexcept {
  Board& mine = own_board();
  if (mine.gone.load(std::memory_order_relaxed) != 0) return;
  const auto shown = reason.substr(0, mine.reason.size() - 1);
  std::ranges::copy(shown, mine.reason.begin());
  mine.gone.store(1, std::memory_order_release);
}

std::string Node::Reached::describe() const {
  return fmt::format("rank {} on this node", node_.global_rank(local_));
}

}  // namespace rondo::comm
