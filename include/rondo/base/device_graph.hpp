// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "rondo/base/device_stream.hpp"
#include "rondo/base/unique_handle.hpp"

struct CUgraphExec_st;

namespace rondo {

struct DeviceGraphTraits {
  using handle_type = CUgraphExec_st*;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type graph) noexcept;
};

/// A stream's work as a CUDA graph: captured once, queued by one call as often as wanted.
///
/// What kernels and copies were given is given again at every launch: addresses must stay valid and
/// numbers stay as they were; what changes belongs into memory that the work reads. Local; one
/// thread at a time.
class DeviceGraph {
 public:
  /// Calls `queue_work`, which queues on `stream` and nowhere else; nothing of it runs. It must not
  /// wait, ask or take memory. Other threads may use the GPU meanwhile.
  /// \throws UsageError   the stream waits for each kernel (FaultCheck::every_launch)
  /// \throws DeviceError  CUDA cannot capture the work; the stream can be used as before
  DeviceGraph(DeviceStream& stream, const std::function<void()>& queue_work);

  /// Queues the work. Errors name its kernels as if they had been queued one by one.
  void launch(DeviceStream& stream);

 private:
  UniqueHandle<DeviceGraphTraits> graph_;
  std::vector<const char*> kernels_;  ///< in the order of the capture, for errors
};

}  // namespace rondo
