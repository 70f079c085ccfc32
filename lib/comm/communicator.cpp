// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/communicator.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "comm/algorithms/lane_tree_allreduce.hpp"
#include "comm/check_call.hpp"
#include "comm/make_communicator.hpp"
#include "comm/operation_queue.hpp"

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

class PrivateMemory final : public Memory {
 public:
  explicit PrivateMemory(std::size_t bytes) : buffer_(bytes) {}
  std::span<std::byte> bytes() noexcept override { return buffer_.span(); }

 private:
  AlignedBuffer<std::byte> buffer_;
};

Place place_in(const Transport& transport, bool shared_memory) {
  Place place{.rank = transport.rank(), .size = transport.size()};
  if (!shared_memory) {
    place.node = place.rank;
    place.nodes = place.size;
    return place;
  }
  const auto nodes = transport.nodes();
  const auto self = nodes.begin() + place.rank;
  place.node = *self;
  place.nodes = *std::ranges::max_element(nodes) + 1;
  place.node_rank = static_cast<int>(std::count(nodes.begin(), self, *self));
  place.node_size = static_cast<int>(std::ranges::count(nodes, *self));
  return place;
}

Algorithm algorithm_of(const Call& call) {
  if (call.options.algorithm != Algorithm::automatic) return call.options.algorithm;
  return call.collective == Collective::broadcast ? Algorithm::tree : Algorithm::ring;
}

class CollectiveCommunicator final : public Communicator {
 public:
  CollectiveCommunicator(std::unique_ptr<Transport> transport, CommunicatorOptions options)
      : Communicator(place_in(*transport, options.shared_memory), options.time_limit),
        queue_(std::make_shared<OperationQueue>(std::move(transport), options)) {}

  std::unique_ptr<Work> start(const Call& call) override {
    check_call(call, place());
    if (call.options.algorithm != Algorithm::automatic)
      algorithms::require_algorithm(call.collective, call.options.algorithm);
    auto body = [call, nodes = std::vector(call.nodes.begin(), call.nodes.end())](
                    Channel& channel, const Signature& signature) {
      return execute(channel, call, nodes, signature);
    };
    return std::make_unique<QueuedWork>(queue_, queue_->push(call, std::move(body)));
  }

  void run(const Call& call) override { wait(*this, *start(call)); }

  void progress() override { queue_->progress(); }

  std::unique_ptr<Memory> allocate(std::size_t bytes) override {
    return std::make_unique<PrivateMemory>(bytes);
  }

  std::unique_ptr<Communicator> split(int color, int key) override {
    auto part = queue_->transport().split(color, key);
    if (!part) return nullptr;
    return make_communicator(std::move(part), queue_->options());
  }

 private:
  static Task execute(Channel& channel, Call call, std::vector<LaneNode> nodes,
                      Signature signature) {
    co_await check_signature(channel, signature);
    const Algorithm algorithm = algorithm_of(call);
    const algorithms::Reduction reduction{call.dtype, call.op, call.options.wire};
    switch (call.collective) {
      case Collective::allreduce:
        if (call.input.data() != call.output.data())
          std::ranges::copy(call.input, call.output.begin());
        co_await algorithms::allreduce(channel, algorithm, call.output, reduction);
        break;
      case Collective::reduce_scatter:
        co_await algorithms::reduce_scatter(channel, algorithm, call.input, call.output, reduction);
        break;
      case Collective::allgather: {
        const Blocks blocks(call.output, 1, channel.size());
        std::ranges::copy(call.input, blocks[channel.rank()].begin());
        co_await algorithms::allgather(channel, algorithm, blocks);
        break;
      }
      case Collective::broadcast:
        co_await algorithms::broadcast(channel, algorithm, call.output, call.root);
        break;
      case Collective::barrier: break;  // comparing the signatures was one
      case Collective::allreduce_lanes:
        co_await lane_tree_allreduce(
            channel, std::move(nodes), call.lanes,
            {reinterpret_cast<float*>(call.output.data()), call.output.size() / sizeof(float)});
        break;
    }
  }

  std::shared_ptr<OperationQueue> queue_;
};

}  // namespace

std::unique_ptr<Communicator> make_communicator(std::unique_ptr<Transport> transport,
                                                CommunicatorOptions options) {
  return std::make_unique<CollectiveCommunicator>(std::move(transport), options);
}

}  // namespace rondo::comm
