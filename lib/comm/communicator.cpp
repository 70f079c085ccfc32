// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/communicator.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "comm/check_call.hpp"
#include "comm/executor.hpp"
#include "comm/make_communicator.hpp"
#include "comm/operation_queue.hpp"
#include "comm/place.hpp"
#include "comm/run_to_end.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {
namespace {

/// Keeps the queue alive: a Work may outlive its communicator.
class QueuedWork final : public Work {
 public:
  QueuedWork(std::shared_ptr<OperationQueue> queue, std::shared_ptr<Operation> operation)
      : queue_(std::move(queue)), operation_(std::move(operation)) {}
  QueuedWork(const QueuedWork&) = delete;
  QueuedWork& operator=(const QueuedWork&) = delete;
  ~QueuedWork() override {
    if (queue_->is_complete(*operation_)) return;
    try {
      wait(std::chrono::steady_clock::now() + queue_->options().time_limit);
    } catch (const std::exception& e) {
      log::error(fmt::format("nobody waited for an operation that failed: {}", e.what()));
    }
  }

  bool done() override { return queue_->advance_to(*operation_); }
  void wait(Deadline deadline) override { queue_->wait(*operation_, deadline); }

 private:
  std::shared_ptr<OperationQueue> queue_;
  std::shared_ptr<Operation> operation_;
};

/// Longer ones do not fit a steady clock's time points.
constexpr auto longest_time_limit = std::chrono::hours(24 * 365);

/// Begins at a page, so that whole pages of it can be given back to the system.
class PrivateMemory final : public Memory {
 public:
  explicit PrivateMemory(std::size_t bytes) : buffer_(bytes + page_bytes()), bytes_(bytes) {
    std::size_t space = buffer_.size();
    begin_ = buffer_.data();
    std::align(page_bytes(), bytes, begin_, space);
  }
  std::span<std::byte> bytes() noexcept override {
    return {static_cast<std::byte*>(begin_), bytes_};
  }

 private:
  static std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

  AlignedBuffer<std::byte> buffer_;
  void* begin_ = nullptr;
  std::size_t bytes_;
};

class SharedMemory final : public Memory {
 public:
  /// `window`: by rank on the node.
  SharedMemory(Node::Segments window, const Place& place, std::size_t bytes)
      : window_(std::move(window)),
        own_(*window_[static_cast<std::size_t>(place.node_rank)]),
        bytes_(bytes) {
    if (place.nodes > 1) return;
    for (const auto& segment : window_)
      peers_.push_back(segment->bytes());
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory() override { own_.retire(); }
  std::span<std::byte> bytes() noexcept override { return own_.bytes().first(bytes_); }
  std::span<const std::span<std::byte>> peers() const noexcept override { return peers_; }

 private:
  Node::Segments window_;  // keeps the others' mapped
  Segment& own_;
  std::size_t bytes_;
  std::vector<std::span<std::byte>> peers_;
};

class CollectiveCommunicator final : public Communicator {
 public:
  CollectiveCommunicator(std::unique_ptr<Transport> transport, std::unique_ptr<Node> node,
                         CommunicatorOptions options)
      : Communicator(options.shared_memory ? place_in(*transport) : place_apart_in(*transport),
                     options.time_limit),
        executor_(std::make_shared<Executor>(place(), std::move(node), options.tuning)),
        queue_(std::make_shared<OperationQueue>(
            std::move(transport), options,
            [executor = executor_](const CommError& e) { executor->leave(e.what()); })) {}

  std::unique_ptr<Work> start(const Call& call) override {
    check_call(call, place());
    return push(call, [executor = executor_, chosen = executor_->choose(call),
                       nodes = std::vector(call.nodes.begin(), call.nodes.end())](
                          Channel& channel, const Signature& signature) {
      return executor->execute(channel, chosen, nodes, signature);
    });
  }

  void run(const Call& call) override {
    check_call(call, place());
    const Call chosen = executor_->choose(call);
    if (executor_->runs_inline(chosen)) {
      if (const auto sequence = queue_->begin_inline())
        return run_inline(chosen, signature_of(call, *sequence));
    }
    wait(*this, *start(call));
  }

  void progress() override { queue_->progress(); }

  std::string explain(const Call& call) const override { return executor_->explain(call); }

  std::unique_ptr<Memory> allocate(std::size_t bytes) override {
    if (!executor_->shares_memory()) return std::make_unique<PrivateMemory>(bytes);
    Node::Segments window;
    const auto body = [&](Channel& channel, const Signature& signature) {
      return executor_->allocate(channel, signature, std::max(bytes, std::size_t{1}), window);
    };
    wait(*this, *push({.options = {.name = "allocate"}}, body));
    return std::make_unique<SharedMemory>(std::move(window), place(), bytes);
  }

  std::unique_ptr<Communicator> split(int color, int key) override {
    run({.options = {.name = "split"}});  // everybody is here, and nothing is under way
    auto part = queue_->transport().split(color, key);
    if (!part) return nullptr;
    return make_communicator(std::move(part), queue_->options());
  }

  std::unique_ptr<Transport> open_transport() override {
    run({.options = {.name = "open_transport"}});  // as in split()
    return queue_->transport().split(0, rank());
  }

  bool takes_device_memory() const noexcept override {
    return queue_->transport().takes_device_memory();
  }

 private:
  std::unique_ptr<Work> push(const Call& call,
                             std::function<Task(Channel&, const Signature&)> body) {
    return std::make_unique<QueuedWork>(queue_, queue_->push(call, std::move(body)));
  }

  void run_inline(const Call& call, const Signature& signature) {
    try {
      executor_->run_inline(queue_->transport(), queue_->scratch(), call, signature,
                            std::chrono::steady_clock::now() + time_limit());
    } catch (const std::exception& e) {
      throw queue_->fail_inline(signature, e);
    }
    queue_->end_inline();
  }

  std::shared_ptr<Executor> executor_;
  std::shared_ptr<OperationQueue> queue_;
};

/// The boards of this rank's node; none on every rank if any of them cannot share memory.
Task make_node(Channel& channel, std::unique_ptr<Node>& node) {
  Scratch memory = channel.letters(1);
  const auto usable = memory.bytes();
  usable[0] = std::byte{1};
  try {
    co_await Node::create(channel, node);
  } catch (const CommError& e) {
    if (e.code() != ExitCode::internal) throw;
    log::warning(fmt::format("ranks of one node send messages to each other: {}", e.what()));
    usable[0] = std::byte{0};
  }
  co_await algorithms::allreduce(channel, Algorithm::ring, usable, {DType::u8, ReduceOp::min});
  if (usable[0] == std::byte{0}) node.reset();
}

}  // namespace

std::unique_ptr<Communicator> make_communicator(std::unique_ptr<Transport> transport,
                                                CommunicatorOptions options) {
  options.time_limit = std::min<std::chrono::milliseconds>(options.time_limit, longest_time_limit);
  const auto nodes = transport->nodes();
  const bool shares = *std::ranges::max_element(nodes) + 1 < transport->size();
  std::unique_ptr<Node> node;
  if (options.shared_memory && shares)
    run_to_end(*transport, node_tag, std::chrono::steady_clock::now() + options.time_limit,
               [&](Channel& channel) { return make_node(channel, node); });
  options.shared_memory = node != nullptr;
  return std::make_unique<CollectiveCommunicator>(std::move(transport), std::move(node), options);
}

}  // namespace rondo::comm
