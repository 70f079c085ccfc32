// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/transport_communicator.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "comm/algorithms/dissemination_barrier.hpp"
#include "comm/algorithms/lane_tree_allreduce.hpp"
#include "comm/algorithms/ring.hpp"
#include "comm/algorithms/tree_broadcast.hpp"
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
    if (done()) return;
    try {
      wait(std::chrono::steady_clock::now() + queue_->time_limit());
    } catch (const std::exception& e) {
      log::error(fmt::format("nobody waited for an operation that failed: {}", e.what()));
    }
  }

  bool done() override { return queue_->is_complete(*operation_); }
  void wait(Deadline deadline) override { queue_->wait(*operation_, deadline); }

 private:
  std::shared_ptr<OperationQueue> queue_;
  std::shared_ptr<Operation> operation_;
};

Signature reduction(OperationKind kind, DType dtype, ReduceOp op, std::size_t bytes) {
  return {.kind = kind,
          .dtype = static_cast<std::uint8_t>(dtype),
          .detail = static_cast<std::uint16_t>(op),
          .count = bytes / size_of(dtype)};
}

void require_whole_elements(std::size_t bytes, DType dtype) {
  if (bytes % size_of(dtype) == 0) return;
  throw UsageError(fmt::format("{} bytes are not a whole number of {} elements of {} bytes", bytes,
                               name_of(dtype), size_of(dtype)));
}

void require_blocks(std::size_t whole_bytes, std::size_t block_bytes, int size) {
  if (whole_bytes == block_bytes * static_cast<std::size_t>(size)) return;
  throw UsageError(fmt::format("{} bytes are not {} blocks of {} bytes, one for each rank",
                               whole_bytes, size, block_bytes));
}

void require_covering(std::span<const LaneNode> nodes, LaneRange range, std::size_t lanes,
                      std::size_t count) {
  const auto covers = [](const LaneNode& node, LaneRange lanes_of_node) {
    return node.lanes == lanes_of_node;
  };
  if (!std::ranges::equal(nodes, covering_nodes(range, lanes), covers))
    throw UsageError(
        fmt::format("{} nodes do not cover this rank's lanes {} to {} of {} along the "
                    "lane tree: add every one of these lanes to one LaneTreeSum",
                    nodes.size(), range.begin, range.end, lanes));
  for (const LaneNode& node : nodes) {
    if (node.sum.size() != count)
      throw UsageError(fmt::format("the sum of lanes {} to {} has {} elements, the result has {}",
                                   node.lanes.begin, node.lanes.end, node.sum.size(), count));
  }
}

class TransportCommunicator final : public Communicator {
 public:
  TransportCommunicator(std::unique_ptr<Transport> transport, CommunicatorOptions options)
      : queue_(std::make_shared<OperationQueue>(std::move(transport), options)) {}

  int rank() const noexcept override { return queue_->rank(); }
  int size() const noexcept override { return queue_->size(); }
  std::chrono::milliseconds time_limit() const noexcept override { return queue_->time_limit(); }

  std::unique_ptr<Work> allreduce(std::span<std::byte> data, DType dtype, ReduceOp op) override {
    require_whole_elements(data.size(), dtype);
    return start(reduction(OperationKind::allreduce, dtype, op, data.size()),
                 [=](Channel& channel) { ring_allreduce(channel, data, dtype, op); });
  }

  std::unique_ptr<Work> reduce_scatter(std::span<const std::byte> input,
                                       std::span<std::byte> output, DType dtype,
                                       ReduceOp op) override {
    require_whole_elements(output.size(), dtype);
    require_blocks(input.size(), output.size(), size());
    return start(reduction(OperationKind::reduce_scatter, dtype, op, output.size()),
                 [=](Channel& channel) { ring_reduce_scatter(channel, input, output, dtype, op); });
  }

  std::unique_ptr<Work> allgather(std::span<const std::byte> input,
                                  std::span<std::byte> output) override {
    require_blocks(output.size(), input.size(), size());
    return start({.kind = OperationKind::allgather, .count = input.size()}, [=](Channel& channel) {
      const Blocks blocks(output, 1, channel.size());
      std::ranges::copy(input, blocks[channel.rank()].begin());
      ring_allgather(channel, blocks);
    });
  }

  std::unique_ptr<Work> broadcast(std::span<std::byte> data, int root) override {
    if (root < 0 || root >= size())
      throw UsageError(fmt::format("broadcast from rank {}: there are {} ranks", root, size()));
    return start({.kind = OperationKind::broadcast,
                  .detail = static_cast<std::uint16_t>(root),
                  .count = data.size()},
                 [=](Channel& channel) { tree_broadcast(channel, data, root); });
  }

  std::unique_ptr<Work> barrier() override {
    return start({.kind = OperationKind::barrier}, dissemination_barrier);
  }

  std::unique_ptr<Work> allreduce_lanes(std::span<const LaneNode> nodes, std::size_t lanes,
                                        std::span<float> result) override {
    require(lanes > 0, "allreduce_lanes of no lanes: a sum over lanes needs one at least");
    require_covering(nodes, lane_range(rank(), size(), lanes), lanes, result.size());
    return start({.kind = OperationKind::allreduce_lanes,
                  .dtype = static_cast<std::uint8_t>(DType::f32),
                  .detail = static_cast<std::uint16_t>(lanes),
                  .count = result.size()},
                 [own = std::vector(nodes.begin(), nodes.end()), lanes, result](Channel& channel) {
                   lane_tree_allreduce(channel, own, lanes, result);
                 });
  }

 private:
  std::unique_ptr<Work> start(Signature signature, std::function<void(Channel&)> body) {
    return std::make_unique<QueuedWork>(queue_, queue_->push(signature, std::move(body)));
  }

  std::shared_ptr<OperationQueue> queue_;
};

}  // namespace

std::unique_ptr<Communicator> make_communicator(std::unique_ptr<Transport> transport,
                                                CommunicatorOptions options) {
  return std::make_unique<TransportCommunicator>(std::move(transport), options);
}

}  // namespace rondo::comm
