// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/communicator.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "comm/check_call.hpp"
#include "comm/checked_run.hpp"
#include "comm/make_communicator.hpp"
#include "comm/message_path.hpp"
#include "comm/operation_queue.hpp"
#include "comm/select.hpp"

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

class CollectiveCommunicator final : public Communicator {
 public:
  CollectiveCommunicator(std::unique_ptr<Transport> transport, CommunicatorOptions options)
      : Communicator(place_in(*transport, options.shared_memory), options.time_limit),
        selector_(options.tuning, place()),
        queue_(std::make_shared<OperationQueue>(std::move(transport), options)) {}

  std::unique_ptr<Work> start(const Call& call) override {
    check_call(call, place());
    Call chosen = call;
    chosen.options.algorithm = selector_.choose(call).algorithm;
    auto body = [chosen, tuning = selector_.tuning().transport,
                 nodes = std::vector(call.nodes.begin(), call.nodes.end())](
                    Channel& channel, const Signature& signature) {
      const Segmentation segmentation{tuning.segment_bytes, tuning.receives_ahead};
      const auto run = [=](Channel& messages, const Call& checked) {
        return run_by_messages(messages, checked, nodes, segmentation);
      };
      return checked_run(channel, signature, chosen, tuning.copy_limit_bytes, run);
    };
    return std::make_unique<QueuedWork>(queue_, queue_->push(call, std::move(body)));
  }

  void run(const Call& call) override { wait(*this, *start(call)); }

  void progress() override { queue_->progress(); }

  std::string explain(const Call& call) const override { return selector_.explain(call); }

  std::unique_ptr<Memory> allocate(std::size_t bytes) override {
    return std::make_unique<PrivateMemory>(bytes);
  }

  std::unique_ptr<Communicator> split(int color, int key) override {
    auto part = queue_->transport().split(color, key);
    if (!part) return nullptr;
    return make_communicator(std::move(part), queue_->options());
  }

 private:
  Selector selector_;
  std::shared_ptr<OperationQueue> queue_;
};

}  // namespace

std::unique_ptr<Communicator> make_communicator(std::unique_ptr<Transport> transport,
                                                CommunicatorOptions options) {
  return std::make_unique<CollectiveCommunicator>(std::move(transport), options);
}

}  // namespace rondo::comm
