// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/device_graph.hpp"
#include "rondo/base/device_limit.hpp"
#include "rondo/base/error.hpp"

#include "base/cuda/check.hpp"

namespace rondo {
namespace {

struct CapturedTraits {
  using handle_type = cudaGraph_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type graph) noexcept { cudaGraphDestroy(graph); }
};
using Captured = UniqueHandle<CapturedTraits>;

/// While one exists, what is queued on the stream is captured.
class Capture {
 public:
  /// Of this thread's calls alone: others may take memory meanwhile.
  explicit Capture(DeviceStream& stream) : stream_(stream) {
    cuda::check(cudaStreamBeginCapture(stream.handle(), cudaStreamCaptureModeThreadLocal),
                "cudaStreamBeginCapture", stream.trail());
  }
  /// Without end(): forgets what came.
  ~Capture() {
    if (has_ended_) return;
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(stream_.handle(), &graph);
    cudaGetLastError();
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  Captured end() {
    has_ended_ = true;
    cudaGraph_t graph = nullptr;
    const cudaError_t code = cudaStreamEndCapture(stream_.handle(), &graph);
    Captured captured(graph);
    cuda::check(code, "cudaStreamEndCapture", stream_.trail());
    return captured;
  }

 private:
  DeviceStream& stream_;
  bool has_ended_ = false;
};

}  // namespace

void DeviceGraphTraits::close(handle_type graph) noexcept {
  if (!device_has_hung()) cudaGraphExecDestroy(graph);
}

DeviceGraph::DeviceGraph(DeviceStream& stream, const std::function<void()>& queue_work) {
  require(stream.fault_check() != FaultCheck::every_launch,
          "a stream that waits for each kernel cannot be captured");
  Capture capture(stream);
  kernels_ = stream.kernels_of(queue_work);
  const Captured captured = capture.end();
  cudaGraphExec_t graph = nullptr;
  cuda::check(cudaGraphInstantiate(&graph, captured.get(), 0), "cudaGraphInstantiate",
              stream.trail());
  graph_.reset(graph);
}

void DeviceGraph::launch(DeviceStream& stream) {
  cuda::check(cudaGraphLaunch(graph_.get(), stream.handle()), "cudaGraphLaunch", stream.trail());
  for (const char* const kernel : kernels_)
    stream.launched(kernel);
}

}  // namespace rondo
