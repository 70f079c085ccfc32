// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What the other tests rely on: the emulated GPU computes as one does, and does not hide mistakes.
#include <algorithm>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

#include <cuda_runtime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;

/// An array in the emulated GPU's memory.
struct Array {
  explicit Array(std::size_t length) : count(length) {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data), count * sizeof(int)), cudaSuccess);
    cudaMemset(data, 0, count * sizeof(int));
    cudaStreamSynchronize(nullptr);
  }
  ~Array() { cudaFree(data); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  std::vector<int> read() const {
    std::vector<int> values(count);
    cudaMemcpyAsync(values.data(), data, count * sizeof(int), cudaMemcpyDefault, nullptr);
    EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
    return values;
  }

  std::size_t count;
  int* data = nullptr;
};

template <class... Parameters, class... Arguments>
cudaError_t run(unsigned blocks, unsigned threads, void (*kernel)(Parameters...),
                Arguments... arguments) {
  cudaLaunchConfig_t config;
  config.gridDim = blocks;
  config.blockDim = threads;
  EXPECT_EQ(cudaLaunchKernelEx(&config, kernel, arguments...), cudaSuccess);
  return cudaStreamSynchronize(nullptr);
}

__global__ void count_threads(int* visits) {
  atomicAdd(visits + blockIdx.x * blockDim.x + threadIdx.x, 1);
}

TEST(EmulatedGpu, runs_every_thread_of_every_block_once) {
  for (const unsigned threads : {1U, 31U, 256U}) {
    const Array visits(std::size_t{7} * threads);

    EXPECT_EQ(run(7, threads, count_threads, visits.data), cudaSuccess);

    EXPECT_THAT(visits.read(), Each(1));
  }
}

__global__ void note_order(int* order, int* next) {
  if (threadIdx.x == 0) order[atomicAdd(next, 1)] = static_cast<int>(blockIdx.x);
}

TEST(EmulatedGpu, runs_blocks_in_another_order_at_every_launch) {
  std::vector<std::vector<int>> orders;
  for (int launch = 0; launch < 2; ++launch) {
    const Array order(50);
    const Array next(1);
    EXPECT_EQ(run(50, 32, note_order, order.data, next.data), cudaSuccess);
    orders.push_back(order.read());
  }

  EXPECT_NE(orders[0], orders[1]);
  std::sort(orders[0].begin(), orders[0].end());
  std::vector<int> ascending(50);
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(orders[0], ascending);
}

/// Every thread reads what its successor wrote.
template <bool with_barrier>
__global__ void pass_around(int* result) {
  __shared__ int values[256];
  values[threadIdx.x] = static_cast<int>(blockIdx.x * 1000 + threadIdx.x);
  if (with_barrier) __syncthreads();
  const unsigned next = (threadIdx.x + 1) % blockDim.x;
  result[blockIdx.x * blockDim.x + threadIdx.x] =
      values[next] == static_cast<int>(blockIdx.x * 1000 + next) ? 1 : 0;
}

TEST(EmulatedGpu, has_barriers_and_shows_where_one_is_missing) {
  const Array with(4 * 256);
  const Array without(4 * 256);

  EXPECT_EQ(run(4, 256, pass_around<true>, with.data), cudaSuccess);
  EXPECT_EQ(run(4, 256, pass_around<false>, without.data), cudaSuccess);

  EXPECT_THAT(with.read(), Each(1));
  EXPECT_THAT(without.read(), Contains(0));
}

/// The sums of groups of `width` lanes, by a tree.
__global__ void sum_groups(int* sums, int width) {
  int sum = static_cast<int>(threadIdx.x);
  for (int distance = width / 2; distance > 0; distance /= 2)
    sum += __shfl_down_sync(0xFFFFFFFFU, sum, static_cast<unsigned>(distance), width);
  if (threadIdx.x % static_cast<unsigned>(width) == 0)
    sums[threadIdx.x / static_cast<unsigned>(width)] = sum;
}

TEST(EmulatedGpu, shuffles_within_groups_of_lanes) {
  for (const int width : {1, 4, 8, 32}) {
    const Array sums(64 / static_cast<std::size_t>(width));
    EXPECT_EQ(run(1, 64, sum_groups, sums.data, width), cudaSuccess);

    std::vector<int> expected(sums.count);
    for (int lane = 0; lane < 64; ++lane)
      expected[static_cast<std::size_t>(lane / width)] += lane;
    EXPECT_EQ(sums.read(), expected);
  }
}

/// Every lane's sum of those up to it in its group of `width`.
__global__ void add_up_groups(int* sums, int width) {
  int sum = static_cast<int>(threadIdx.x);
  for (int distance = 1; distance < width; distance *= 2) {
    const int below = __shfl_up_sync(0xFFFFFFFFU, sum, static_cast<unsigned>(distance), width);
    if (static_cast<int>(threadIdx.x) % width >= distance) sum += below;
  }
  sums[threadIdx.x] = sum;
}

TEST(EmulatedGpu, shuffles_upwards_within_groups_of_lanes) {
  for (const int width : {1, 4, 8, 32}) {
    const Array sums(64);
    EXPECT_EQ(run(1, 64, add_up_groups, sums.data, width), cudaSuccess);

    std::vector<int> expected(64);
    for (int lane = 0; lane < 64; ++lane)
      expected[static_cast<std::size_t>(lane)] =
          lane + (lane % width > 0 ? expected[static_cast<std::size_t>(lane - 1)] : 0);
    EXPECT_EQ(sums.read(), expected);
  }
}

/// Every lane's sum of its warp.
__global__ void sum_for_all(int* sums) {
  int sum = static_cast<int>(threadIdx.x);
  for (int distance = 16; distance > 0; distance /= 2)
    sum += __shfl_xor_sync(0xFFFFFFFFU, sum, distance);
  sums[threadIdx.x] = sum;
}

TEST(EmulatedGpu, shuffles_across_lanes) {
  const Array sums(64);
  EXPECT_EQ(run(1, 64, sum_for_all, sums.data), cudaSuccess);

  std::vector<int> expected(32, 31 * 16);
  expected.resize(64, 31 * 16 + 32 * 32);
  EXPECT_EQ(sums.read(), expected);
}

__global__ void wait_for_half(int* /*unused*/) {
  if (threadIdx.x < 16) __syncthreads();
  if (threadIdx.x >= 16) __syncthreads();
}

__global__ void shuffle_without_lane_0(int* result) {
  if (threadIdx.x > 0) *result = __shfl_down_sync(0xFFFFFFFFU, 1, 1);
}

TEST(EmulatedGpu, names_the_place_where_threads_wait_in_vain) {
  const Array memory(1);
  for (const auto kernel : {wait_for_half, shuffle_without_lane_0}) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run(1, 32, kernel, memory.data), cudaErrorLaunchFailure);

    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("emulation_test.cpp:"));
    EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
    EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  }
}

TEST(EmulatedGpu, runs_nothing_before_somebody_waits) {
  const Array memory(10);
  const std::vector<int> ones(10, 1);
  std::vector<int> read(10, -1);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  cudaMemcpyAsync(memory.data, ones.data(), 40, cudaMemcpyDefault, stream);
  cudaMemcpyAsync(read.data(), memory.data, 40, cudaMemcpyDefault, stream);
  EXPECT_THAT(read, Each(-1));
  EXPECT_THAT(memory.read(), Each(0)) << "another stream must not wait";

  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_THAT(read, Each(1));
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  cudaStreamDestroy(stream);
}

__global__ void add_number(int* sum, int number) {
  if (threadIdx.x == 0) *sum += number;
}

/// A stream, and the graph that it captured last.
class EmulatedGraph : public testing::Test {
 protected:
  EmulatedGraph() { cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking); }
  ~EmulatedGraph() override {
    cudaGraphExecDestroy(executable_);
    cudaGraphDestroy(graph_);
    cudaStreamDestroy(stream_);
  }

  void add(int number) {
    cudaLaunchConfig_t config;
    config.gridDim = 1;
    config.blockDim = 1;
    config.stream = stream_;
    EXPECT_EQ(cudaLaunchKernelEx(&config, add_number, sum_.data, number), cudaSuccess);
  }
  void begin() {
    EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  }
  void launch() { EXPECT_EQ(cudaGraphLaunch(executable_, stream_), cudaSuccess); }
  int sum() {
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    return sum_.read()[0];
  }

  Array sum_{1};
  cudaStream_t stream_ = nullptr;
  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

TEST_F(EmulatedGraph, runs_at_each_launch_with_the_arguments_of_the_capture) {
  int number = 1;
  begin();
  add(number);
  number = 100;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph_), cudaSuccess);
  EXPECT_EQ(cudaGraphInstantiate(&executable_, graph_, 0), cudaSuccess);
  EXPECT_EQ(sum(), 0) << "a capture runs nothing";

  launch();
  add(10);
  launch();

  EXPECT_EQ(sum(), 12);
}

TEST_F(EmulatedGraph, cannot_wait_ask_or_take_memory) {
  void* memory = nullptr;
  cudaEvent_t event = nullptr;
  cudaEventCreate(&event);
  const std::vector<std::function<cudaError_t()>> forbidden{
      [&] { return cudaStreamSynchronize(stream_); }, [&] { return cudaStreamQuery(stream_); },
      [&] { return cudaStreamSynchronize(nullptr); }, [&] { return cudaMalloc(&memory, 4); },
      [&] { return cudaMallocHost(&memory, 4); },     [&] { return cudaFree(sum_.data); },
      [&] { return cudaMemset(sum_.data, 0, 4); },    [&] { return cudaEventSynchronize(event); }};
  for (const auto& call : forbidden) {
    begin();
    add(1);
    EXPECT_EQ(call(), cudaErrorStreamCaptureUnsupported);
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph_), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph_, nullptr);
    EXPECT_EQ(sum(), 0);
  }
  cudaEventDestroy(event);
}

TEST_F(EmulatedGraph, leaves_other_threads_alone) {
  begin();
  std::thread([] {
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  }).join();
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph_), cudaSuccess);
}

TEST_F(EmulatedGraph, keeps_its_events_to_itself) {
  cudaEvent_t event = nullptr;
  cudaEventCreate(&event);
  begin();
  EXPECT_EQ(cudaEventRecord(event, stream_), cudaSuccess);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph_), cudaSuccess);

  EXPECT_EQ(cudaEventSynchronize(event), cudaErrorCapturedEvent);
  EXPECT_EQ(cudaStreamWaitEvent(nullptr, event, 0), cudaErrorStreamCaptureIsolation);
  cudaEventDestroy(event);
}

TEST(EmulatedGpu, gives_memory_that_is_not_zero) {
  void* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 100), cudaSuccess);
  std::vector<unsigned char> read(100);
  cudaMemcpyAsync(read.data(), memory, 100, cudaMemcpyDefault, nullptr);
  cudaStreamSynchronize(nullptr);

  EXPECT_THAT(read, Each(0xFF));
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_EQ(cudaFree(&memory), cudaErrorInvalidValue);
}

#ifdef __SANITIZE_ADDRESS__
__global__ void write_at(int* memory, int index) {
  memory[index] = 1;
}

TEST(EmulatedGpuDeathTest, reports_accesses_beyond_an_allocation) {
  const Array memory(10);

  EXPECT_EQ(run(1, 1, write_at, memory.data, 9), cudaSuccess);
  EXPECT_DEATH(run(1, 1, write_at, memory.data, 10), "heap-buffer-overflow");
}

TEST(EmulatedGpuDeathTest, reports_a_host_that_reads_the_gpus_memory) {
  const Array memory(10);

  EXPECT_DEATH(*const_cast<volatile int*>(memory.data) = 1, "use-after-poison");
}
#endif

}  // namespace
