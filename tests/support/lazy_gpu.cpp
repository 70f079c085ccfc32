// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/lazy_gpu.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/device.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/error.hpp"

#include "comm/cuda/rank_sum.hpp"
#include "comm/cuda/tree_sum.hpp"
#include "comm/kernels/reduce.hpp"
#include "support/rank_devices.hpp"

struct CUstream_st {
  std::deque<std::function<bool()>> work;

  bool run() {
    while (!work.empty()) {
      if (!work.front()()) return false;
      work.pop_front();
    }
    return true;
  }
};

struct CUevent_st {
  struct State {
    std::uint64_t recorded = 0;
    std::uint64_t reached = 0;
    CUstream_st* stream = nullptr;
  };
  std::shared_ptr<State> state = std::make_shared<State>();
};

namespace rondo {
namespace {

bool has_reached(const CUevent_st::State& state, std::uint64_t ticket) {
  if (state.reached < ticket) state.stream->run();
  return state.reached >= ticket;
}

/// Of the calling thread.
std::vector<CUstream_st*>& streams() {
  thread_local std::vector<CUstream_st*> list;
  return list;
}

void run_to_the_end(CUstream_st& stream) {
  while (!stream.run())
    std::this_thread::yield();
}

}  // namespace

test::LazyGpus& test::lazy_gpus() {
  thread_local LazyGpus gpus;
  return gpus;
}

void test::queue_lazily(CUstream_st* stream, std::function<bool()> work) {
  stream->work.push_back(std::move(work));
}

Device test::device_of_rank(int rank) {
  lazy_gpus().pci_address = fmt::format("0000:{:02x}:00", rank);
  return Device(0);
}

int test::most_ranks_with_gpus() {
  return std::numeric_limits<int>::max();
}
bool test::host_has_the_gpus_memory() {
  return true;
}

bool built_with_cuda() noexcept {
  return true;
}

int device_count() {
  return test::lazy_gpus().count;
}

Device::Device(int index)
    : index_(index),
      name_("a GPU in the host's memory"),
      pci_address_(test::lazy_gpus().pci_address) {
  if (index < 0 || index >= device_count()) throw ConfigError("no such GPU");
}
void Device::make_current() const {}
std::size_t Device::total_bytes() const {
  return std::size_t{1} << 30U;
}
std::size_t Device::free_bytes() const {
  return total_bytes();
}

/// What has not run is dropped.
void DeviceStreamTraits::close(handle_type stream) noexcept {
  std::erase(streams(), stream);
  delete stream;
}
void DeviceEventTraits::close(handle_type event) noexcept {
  delete event;
}

DeviceStream::DeviceStream(const Device& device, FaultCheck check, const std::string& /*name*/)
    : stream_(new CUstream_st), check_(check), device_(device.index()), multiprocessors_(1) {
  streams().push_back(handle());
}
void DeviceStream::wait() {
  run_to_the_end(*handle());
  trail_.finished();
}
bool DeviceStream::done() {
  if (!handle()->run()) return false;
  trail_.finished();
  return true;
}
void DeviceStream::wait_for(const DeviceEvent& event) {
  const auto state = event.handle()->state;
  test::queue_lazily(handle(),
                     [state, ticket = state->recorded] { return has_reached(*state, ticket); });
}
void DeviceStream::launched(const char* kernel) {
  trail_.launched(kernel);
}

DeviceEvent::DeviceEvent(const Device& /*device*/, EventTime /*time*/) : event_(new CUevent_st) {}
void DeviceEvent::record(DeviceStream& stream) {
  const auto state = handle()->state;
  state->stream = stream.handle();
  test::queue_lazily(stream.handle(), [state, ticket = ++state->recorded] {
    state->reached = ticket;
    return true;
  });
}
bool DeviceEvent::done() const {
  return has_reached(*handle()->state, handle()->state->recorded);
}
void DeviceEvent::wait() const {
  while (!done())
    std::this_thread::yield();
}
float DeviceEvent::seconds_since(const DeviceEvent& /*earlier*/) const {
  return 0;
}

/// Waits for what can run, as cudaFree does.
void DeviceMemoryTraits::close(handle_type memory) noexcept {
  for (CUstream_st* const stream : streams())
    stream->run();
  std::free(memory);
}
void PinnedMemoryTraits::close(handle_type memory) noexcept {
  std::free(memory);
}
void* detail::allocate_on_device(const Device& /*device*/, std::size_t bytes,
                                 std::string_view /*name*/) {
  if (bytes == 0) return nullptr;
  const std::size_t whole = (bytes + 255) / 256 * 256;
  return std::memset(std::aligned_alloc(256, whole), 0, whole);
}
void* detail::allocate_pinned(std::size_t bytes, std::string_view /*name*/) {
  return bytes == 0 ? nullptr : std::malloc(bytes);
}
void detail::copy_bytes(DeviceStream& stream, const void* from, void* to, std::size_t bytes) {
  if (bytes == 0) return;
  test::queue_lazily(stream.handle(), [=] {
    std::memmove(to, from, bytes);
    return true;
  });
}
void detail::clear_bytes(DeviceStream& stream, void* memory, std::size_t bytes) {
  if (bytes == 0) return;
  test::queue_lazily(stream.handle(), [=] {
    std::memset(memory, 0, bytes);
    return true;
  });
}

/// By the CPU's kernel.
void comm::cuda::add_ranks(DeviceStream& stream, const RankSum& sum, DType dtype,
                           std::size_t count) {
  stream.launched("comm::add_ranks");
  test::queue_lazily(stream.handle(), [sum, dtype, count] {
    std::vector<const std::byte*> inputs;
    for (int rank = 0; rank < sum.ranks; ++rank)
      inputs.push_back(sum.values_of(rank));
    if (count > 0)
      reduce_all(dtype, ReduceOp::sum, 1, inputs, std::span(&sum.output, 1), count * size_of(dtype),
                 Stores::cached);
    return true;
  });
}
void comm::cuda::add(DeviceStream& stream, const TreeSum& sum, std::size_t count) {
  stream.launched("comm::add_along_tree");
  if (count == 0) return;
  test::queue_lazily(stream.handle(), [sum, count] {
    std::vector<const std::byte*> inputs;
    for (std::size_t k = 0; k < sum.input_count; ++k)
      inputs.push_back(reinterpret_cast<const std::byte*>(sum.inputs[k]));
    auto* const output = reinterpret_cast<std::byte*>(sum.output);
    if (sum.input_count == 1)
      std::memmove(output, inputs[0], count * sizeof(float));
    else
      add_along_tree(inputs, std::span(sum.merges).first(sum.input_count), std::span(&output, 1),
                     count * sizeof(float), Stores::cached);
    return true;
  });
}

}  // namespace rondo
