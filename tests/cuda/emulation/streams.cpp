// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <cuda_runtime.h>

#include "grid.hpp"
#include "memory.hpp"

namespace cuda_emulation {
namespace {

/// False: it waits for what never ends.
using Work = std::function<bool()>;

/// What a thread has queued on one stream since it began to capture it.
struct Capture {
  std::thread::id thread;
  std::vector<Work> work;
  bool has_failed = false;
};

/// Work in order.
class Queue {
 public:
  void push(Work work) {
    if (capture)
      capture->work.push_back(std::move(work));
    else
      work_.push_back(std::move(work));
  }
  bool empty() const { return work_.empty(); }
  /// False: it never gets there.
  bool run_one() {
    if (!work_.front()()) return false;
    work_.pop_front();
    return true;
  }

  std::optional<Capture> capture;

 private:
  std::deque<Work> work_;
};

/// What an event recorded.
struct Point {
  std::shared_ptr<Queue> queue;
  bool is_captured = false;  ///< which nobody outside may wait for or ask about
  bool reached = false;
  std::chrono::steady_clock::time_point time = {};

  /// False: it never is.
  bool run_until_reached() {
    while (!reached)
      if (!queue->run_one()) return false;
    return true;
  }
};

/// A real GPU's call would block for ever; a test should rather end.
[[noreturn]] void never_return(const char* call) {
  std::fprintf(stderr, "%s waits for work of the emulated GPU that never ends\n", call);
  std::_Exit(1);
}

struct Runtime {
  std::recursive_mutex mutex;
  std::shared_ptr<Queue> default_queue = std::make_shared<Queue>();
  std::vector<std::shared_ptr<Queue>> queues{default_queue};  ///< of destroyed streams too
  cudaError_t fault = cudaSuccess;
  cudaError_t last_error = cudaSuccess;
  bool captures_fail = false;
  std::size_t launches = 0;

  Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  /// CUDA's exit handlers may wait for what runs.
  ~Runtime() {
    if (has_hung) never_return("the exit");
  }
  bool has_hung = false;
  std::size_t graph_launches = 0;
};

Runtime& runtime() {
  static Runtime state;
  return state;
}

/// Of the process's kernels, the one that never ends, by its number from 1 on; 0: none.
std::size_t first_endless_launch() {
  static const std::size_t number = [] {
    const char* const text = std::getenv("RONDO_EMULATED_HANG");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? 0 : std::stoul(text);
  }();
  return number;
}

void run_all(Queue& queue, const char* call) {
  while (!queue.empty())
    if (!queue.run_one()) never_return(call);
}

/// What a wait returns: the fault of a kernel once.
cudaError_t outcome() {
  return failed(std::exchange(runtime().fault, cudaSuccess));
}

}  // namespace
}  // namespace cuda_emulation

struct CUstream_st {
  std::shared_ptr<cuda_emulation::Queue> queue = std::make_shared<cuda_emulation::Queue>();
};
struct CUgraph_st {
  std::vector<cuda_emulation::Work> work;
};
struct CUgraphExec_st {
  std::vector<cuda_emulation::Work> work;
};
struct CUevent_st {
  std::shared_ptr<cuda_emulation::Point> point;  ///< null before the first record
  bool has_time = true;
};

namespace cuda_emulation {
namespace {

const std::shared_ptr<Queue>& queue_of(cudaStream_t stream) {
  return stream == nullptr ? runtime().default_queue : stream->queue;
}

cudaError_t fail_capture(Queue& captured, cudaError_t code) {
  captured.capture->has_failed = true;
  return failed(code);
}

/// Whether work of that stream may be waited for or asked about.
cudaError_t can_wait_for(cudaStream_t stream) {
  if (queue_of(stream)->capture)
    return fail_capture(*queue_of(stream), cudaErrorStreamCaptureUnsupported);
  return not_captured();
}

cudaError_t can_wait_for(const CUevent_st& event) {
  if (event.point != nullptr && event.point->is_captured) return failed(cudaErrorCapturedEvent);
  return not_captured();
}

}  // namespace

std::recursive_mutex& runtime_mutex() {
  return runtime().mutex;
}

cudaError_t not_captured() {
  const std::lock_guard lock(runtime_mutex());
  for (const auto& queue : runtime().queues)
    if (queue->capture && queue->capture->thread == std::this_thread::get_id())
      return fail_capture(*queue, cudaErrorStreamCaptureUnsupported);
  return cudaSuccess;
}

cudaError_t queue(cudaStream_t stream, std::function<void()> work) {
  const std::lock_guard lock(runtime_mutex());
  queue_of(stream)->push([work = std::move(work)] {
    work();
    return true;
  });
  return cudaSuccess;
}

void run_all_streams(const char* call) {
  auto& queues = runtime().queues;
  for (const auto& work : queues)
    run_all(*work, call);
  std::erase_if(queues, [](const auto& work) { return work.use_count() == 1; });
}

cudaError_t failed(cudaError_t code) {
  const std::lock_guard lock(runtime_mutex());
  if (code != cudaSuccess) runtime().last_error = code;
  return code;
}

void hang(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  runtime().has_hung = true;
  queue_of(stream)->push([] { return false; });
}

void fail_captures(bool fail) {
  runtime().captures_fail = fail;
}

std::size_t graph_launches() {
  return runtime().graph_launches;
}

void set_fault(cudaError_t code) {
  runtime().fault = code;
}

cudaError_t launch(cudaStream_t stream, const dim3& grid, const dim3& block,
                   std::function<void()> thread) {
  const bool is_line = grid.y == 1 && grid.z == 1 && block.y == 1 && block.z == 1;
  if (!is_line || grid.x == 0 || block.x == 0 || block.x > 1024)
    return failed(cudaErrorInvalidConfiguration);
  const std::lock_guard lock(runtime_mutex());
  if (++runtime().launches == first_endless_launch()) hang(stream);
  return queue(stream, [blocks = grid.x, threads = block.x, thread = std::move(thread)] {
    const DeviceAccess access;
    if (!run_grid(blocks, threads, thread)) set_fault(cudaErrorLaunchFailure);
  });
}

}  // namespace cuda_emulation

using namespace cuda_emulation;  // NOLINT(google-build-using-namespace): CUDA's names are global

cudaError_t cudaGetLastError() {
  const std::lock_guard lock(runtime_mutex());
  return std::exchange(runtime().last_error, cudaSuccess);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned /*flags*/) {
  const std::lock_guard lock(runtime_mutex());
  *stream = new CUstream_st;  // NOLINT(cppcoreguidelines-owning-memory): CUDA's handles are so
  runtime().queues.push_back((*stream)->queue);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  delete stream;  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = can_wait_for(stream); code != cudaSuccess) return code;
  run_all(*queue_of(stream), "cudaStreamSynchronize");
  return outcome();
}

/// Asking goes on with the work, so that whoever asks again and again gets there.
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = can_wait_for(stream); code != cudaSuccess) return code;
  if (queue_of(stream)->empty()) return outcome();
  queue_of(stream)->run_one();
  return failed(cudaErrorNotReady);
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned /*flags*/) {
  const std::lock_guard lock(runtime_mutex());
  if (event->point == nullptr) return cudaSuccess;
  if (event->point->is_captured || queue_of(stream)->capture)
    return failed(cudaErrorStreamCaptureIsolation);  // no capture here takes a second stream
  queue_of(stream)->push([point = event->point] { return point->run_until_reached(); });
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new CUevent_st;  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  const cudaError_t code = cudaEventCreate(event);
  (*event)->has_time = flags != cudaEventDisableTiming;
  return code;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  event->point = std::make_shared<Point>(
      Point{.queue = queue_of(stream), .is_captured = queue_of(stream)->capture.has_value()});
  return queue(stream, [point = event->point] {
    point->reached = true;
    point->time = std::chrono::steady_clock::now();
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = can_wait_for(*event); code != cudaSuccess) return code;
  if (event->point == nullptr || event->point->reached) return outcome();
  event->point->queue->run_one();
  return failed(cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = can_wait_for(*event); code != cudaSuccess) return code;
  if (event->point != nullptr && !event->point->run_until_reached())
    never_return("cudaEventSynchronize");
  return outcome();
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  const std::lock_guard lock(runtime_mutex());
  if (!begin->has_time || !end->has_time) return failed(cudaErrorInvalidResourceHandle);
  if (begin->point == nullptr || end->point == nullptr) return failed(cudaErrorInvalidValue);
  if (!begin->point->reached || !end->point->reached) return failed(cudaErrorNotReady);
  *milliseconds =
      std::chrono::duration<float, std::milli>(end->point->time - begin->point->time).count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode /*mode*/) {
  const std::lock_guard lock(runtime_mutex());
  if (stream == nullptr || stream->queue->capture) return failed(cudaErrorStreamCaptureUnsupported);
  stream->queue->capture = Capture{.thread = std::this_thread::get_id(), .work = {}};
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(runtime_mutex());
  *graph = nullptr;
  auto& capture = stream->queue->capture;
  if (!capture) return failed(cudaErrorStreamCaptureUnmatched);
  if (capture->thread != std::this_thread::get_id())
    return failed(cudaErrorStreamCaptureWrongThread);
  const Capture ended = *std::exchange(capture, std::nullopt);
  if (ended.has_failed || runtime().captures_fail) return failed(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{ended.work};  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  *executable = new CUgraphExec_st{graph->work};  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;  // NOLINT(cppcoreguidelines-owning-memory)
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  ++runtime().graph_launches;
  for (const Work& work : executable->work)
    queue_of(stream)->push(work);
  return cudaSuccess;
}
