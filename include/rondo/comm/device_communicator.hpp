// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/dtype.hpp"
#include "rondo/comm/call.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/comm/device_lane_tree.hpp"

namespace rondo::comm {

/// How data gets from GPU to GPU.
enum class DevicePath : std::uint8_t {
  automatic,   ///< NCCL, unless two ranks share a GPU; then MPI if it is CUDA-aware
  nccl,        ///< NVIDIA's library, from GPU to GPU
  cuda_aware,  ///< an MPI that takes GPU memory moves data from GPU to GPU, our kernels add
  host_staged  ///< copied to the host's memory and moved by the host's Communicator: on any MPI
};

/// "automatic", "nccl", "cuda_aware", "host_staged".
std::string_view name_of(DevicePath path);

/// Equal on all ranks.
struct DeviceCommunicatorOptions {
  DevicePath path = DevicePath::automatic;
  /// How long wait() waits, and any call that needs the other ranks. None: as the host's
  /// communicator.
  std::optional<std::chrono::milliseconds> time_limit = std::nullopt;
  /// Through the host, data moves in pieces of at most so many bytes, so that copies from and to
  /// the GPU run beside the host's collective. Four of them are pinned.
  std::size_t piece_bytes = std::size_t{4} << 20U;
};

/// One collective on GPU memory, as a rank makes it. What its collective does not use keeps its
/// default.
struct DeviceCall {
  Collective collective = Collective::allreduce;
  DType dtype = DType::u8;  ///< f64, f32, f16 or bf16 of what is summed
  int root = 0;
  DeviceSpan<const std::byte> input = {};
  DeviceSpan<std::byte> output = {};
  std::span<const DeviceLaneNode> nodes = {};  ///< of the sums over lanes
  std::size_t lanes = 0;
};

/// A GPU's memory that the communicator may move without copies, zeroed, at a multiple of 256
/// bytes. Destroying it is local; no operation may be under way on it, and the communicator may be
/// gone before.
class DeviceArena {
 public:
  virtual ~DeviceArena() = default;
  virtual DeviceSpan<std::byte> bytes() noexcept = 0;
};

/// A group of ranks, each with one GPU, that sum and move data in their GPUs' memory.
///
/// start(), exchange(), grouped() and close() are **collective**: all ranks call the same ones in
/// the same order, with equal collective, dtype, root, lanes and sizes. Unlike Communicator, NCCL
/// does not compare the calls: ranks that disagree get wrong values, or a CommError at the
/// deadline.
///
/// Work is queued on the given stream: it runs after what was queued there before, and what is
/// queued afterwards sees its result. Buffers stay the caller's and must live, unwritten elsewhere,
/// until the stream has come past it. One stream at a time: before another one is used, the former
/// has been waited for. Without NCCL a call waits for the stream and for the other ranks, and
/// returns when its last step is queued.
///
/// Every wait has a deadline. An error, of this rank, a peer or NCCL, is a CommError that names
/// rank, host, operation, and step and kernels where they are known. NCCL's work on the GPU is then
/// aborted, what it wrote is unspecified, and every later call throws one that names the first; by
/// MPI, a rank that was only late may still write to the buffers.
/// UsageErrors (a length that does not fit, a root out of range) come before anything is queued.
/// Not thread-safe.
class DeviceCommunicator {
 public:
  virtual ~DeviceCommunicator() = default;

  const Place& place() const noexcept { return place_; }
  int rank() const noexcept { return place_.rank; }
  int size() const noexcept { return place_.size; }
  std::chrono::milliseconds time_limit() const noexcept { return time_limit_; }

  /// One line: how data moves, and why. Local.
  virtual std::string explain() const = 0;

  /// Queues `call`; what the collectives do is said at Communicator. Sums are plain sums. f16 and
  /// bf16 are rounded as often as NCCL or the host's collective does. All ranks end with the same
  /// bits. In place where Communicator allows it, and a rank's own block of a reduce-scatter or
  /// allgather may lie in its place among all of them.
  void start(DeviceStream& stream, const DeviceCall& call);

  /// Queues: `outgoing[r]` of this rank becomes `incoming[rank()]` of rank r, which is as long.
  /// Lengths may differ by pair; one list entry a rank. Nothing overlaps.
  void exchange(DeviceStream& stream, std::span<const DeviceSpan<const std::byte>> outgoing,
                std::span<const DeviceSpan<std::byte>> incoming);

  /// Runs `calls`, which call start() and exchange(), and queues all of it at once: many buckets in
  /// the time of one. No sums over lanes, no other group inside. If `calls` throws, the
  /// communicator is dead.
  void grouped(const std::function<void()>& calls);

  /// Blocks until all that `stream` was given has run, within the time limit; NCCL's errors come to
  /// light here. \throws CommError  as above \throws DeviceError  another kernel or copy failed
  virtual void wait(DeviceStream& stream) = 0;

  /// Memory that NCCL has registered, where this NCCL can; else plain memory. Local.
  /// \throws DeviceError  out of memory: `name` says of what
  virtual std::unique_ptr<DeviceArena> allocate(std::size_t bytes, std::string_view name) = 0;

  /// Ends in an orderly way, once all streams were waited for. Without it, the destructor, which is
  /// local, aborts.
  virtual void close() = 0;

 protected:
  DeviceCommunicator(Place place, std::chrono::milliseconds time_limit) noexcept
      : place_(place), time_limit_(time_limit) {}

  /// What was checked.
  virtual void queue(DeviceStream& stream, const DeviceCall& call) = 0;
  virtual void queue_exchange(DeviceStream& stream,
                              std::span<const DeviceSpan<const std::byte>> outgoing,
                              std::span<const DeviceSpan<std::byte>> incoming) = 0;
  virtual void queue_group(const std::function<void()>& calls) = 0;

 private:
  Place place_;
  std::chrono::milliseconds time_limit_;
  bool in_group_ = false;
};

/// The GPU that this rank of `host` should use: by its place among the ranks of its node, or the
/// only one that it sees, where the launcher gives each rank its own.
///
/// Collective. \throws AgreedError  on all ranks, exit code 78: a build without CUDA, no GPU on
/// some rank, or fewer GPUs on a node than ranks
Device device_of_rank(Communicator& host);

/// A communicator of all ranks of `host`, each with its `device`, which must live as long as it.
///
/// Collective, blocking. Two ranks that share a GPU go by a CUDA-aware MPI or through the host, for
/// NCCL refuses them. Whether MPI is CUDA-aware: as it says itself, or as RONDO_CUDA_AWARE does (1:
/// it is, 0: it is not).
/// \throws AgreedError  on all ranks: they ask for different paths (70), use different versions of
/// NCCL (76), ask for NCCL where two share a GPU, or for cuda_aware where some rank's MPI is not
/// (78) \throws CommError  NCCL failed to start
std::unique_ptr<DeviceCommunicator> make_device_communicator(
    Communicator& host, const Device& device, const DeviceCommunicatorOptions& options = {});

namespace detail {
template <class T>
DeviceSpan<const std::byte> device_bytes(DeviceSpan<const T> span) {
  return {reinterpret_cast<const std::byte*>(span.data()), span.size_bytes()};
}
template <class T>
DeviceSpan<std::byte> writable_device_bytes(DeviceSpan<T> span) {
  return {reinterpret_cast<std::byte*>(span.data()), span.size_bytes()};
}
}  // namespace detail

/// Typed front ends: queued, collective; errors as in DeviceCommunicator. In place.
template <Element T>
void allreduce_sum(DeviceCommunicator& comm, DeviceStream& stream, DeviceSpan<T> data) {
  comm.start(stream, {.collective = Collective::allreduce,
                      .dtype = dtype_of<T>,
                      .input = detail::device_bytes<T>(data),
                      .output = detail::writable_device_bytes(data)});
}
/// `input` is size() blocks as long as `output`, which is this rank's of them or apart from all.
template <Element T>
void reduce_scatter_sum(DeviceCommunicator& comm, DeviceStream& stream, DeviceSpan<const T> input,
                        DeviceSpan<T> output) {
  comm.start(stream, {.collective = Collective::reduce_scatter,
                      .dtype = dtype_of<T>,
                      .input = detail::device_bytes(input),
                      .output = detail::writable_device_bytes(output)});
}
/// `output` is size() blocks as long as `input`, which is this rank's of them or apart from all.
template <class T>
void allgather(DeviceCommunicator& comm, DeviceStream& stream, DeviceSpan<const T> input,
               DeviceSpan<T> output) {
  comm.start(stream, {.collective = Collective::allgather,
                      .input = detail::device_bytes(input),
                      .output = detail::writable_device_bytes(output)});
}
template <class T>
void broadcast(DeviceCommunicator& comm, DeviceStream& stream, DeviceSpan<T> data, int root) {
  comm.start(stream, {.collective = Collective::broadcast,
                      .root = root,
                      .input = detail::device_bytes<T>(data),
                      .output = detail::writable_device_bytes(data)});
}
/// The sum over all lanes along the lane tree: the bits of Communicator::allreduce_lanes() on any
/// number of ranks, but for the sign and payload of a NaN. `nodes` are this rank's, as
/// DeviceLaneTreeSum yields them; `result` is the memory of one of the sums or apart from all.
void allreduce_lanes(DeviceCommunicator& comm, DeviceStream& stream,
                     std::span<const DeviceLaneNode> nodes, std::size_t lanes,
                     DeviceSpan<float> result);
/// As allreduce_lanes(), but `result` is the rank()-th of size() equal parts of the sum.
void reduce_scatter_lanes(DeviceCommunicator& comm, DeviceStream& stream,
                          std::span<const DeviceLaneNode> nodes, std::size_t lanes,
                          DeviceSpan<float> result);

}  // namespace rondo::comm
