// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "rondo/base/device_graph.hpp"
#include "rondo/nn/device_network.hpp"

namespace rondo::nn::cuda {

/// The parts of training passes over batches of one size as CUDA graphs, one behind the other:
/// between two of them the caller may queue anything, on this stream or others.
class PassGraphs {
 public:
  PassGraphs(DeviceGraphs choice, std::size_t samples) : choice_(choice), samples_(samples) {}

  /// A pass over so many samples begins. `changes` counts those of addresses and parts so far:
  /// after one, a pass is queued once as it is before it is captured again.
  void begin(const DeviceStream& stream, std::size_t samples, std::size_t parts,
             std::size_t changes);

  /// Queues the next part of the pass, whose work `queue_work` queues on `stream`.
  void run(DeviceStream& stream, const std::function<void()>& queue_work);

 private:
  enum class Pass : std::uint8_t { plain, capturing, captured };

  /// Whether the next part is now a graph.
  bool try_capture(DeviceStream& stream, const std::function<void()>& queue_work);

  DeviceGraphs choice_;
  std::size_t samples_;
  std::size_t changes_ = 0;
  bool has_run_ = false;  ///< such a pass since the last change
  Pass pass_ = Pass::plain;
  std::size_t next_ = 0;
  std::vector<DeviceGraph> graphs_;
};

}  // namespace rondo::nn::cuda
