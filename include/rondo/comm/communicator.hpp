// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// `avg` is the sum divided by the number of ranks; integers are truncated toward zero. Integer
/// sums wrap around on overflow, u8 at 256. A NaN wins over any number in `min` and `max`.
enum class ReduceOp : std::uint8_t { sum = 0, avg = 1, min = 2, max = 3 };

/// Who executes operations that were started.
enum class Progress : std::uint8_t {
  caller,  ///< whoever waits executes what is outstanding, in order; done() executes nothing
  thread,  ///< a thread of the communicator's own, as soon as they are started; or a waiting caller
};

struct CommunicatorOptions {
  /// How long an operation may take once it executes, and wait(work) altogether.
  std::chrono::milliseconds time_limit = std::chrono::minutes(2);
  Progress progress = Progress::caller;
};

/// Completion of one collective operation. Not thread-safe.
///
/// Destroying an unfinished Work waits for it, within the communicator's time limit, and does not
/// throw.
class Work {
 public:
  virtual ~Work() = default;
  /// True once `wait` would return or throw at once. Needs Progress::thread to become true by
  /// itself.
  virtual bool done() = 0;
  /// Blocks until the operation is complete.
  /// \throws CommError  naming operation, sequence number and bytes, when a peer is lost, the
  ///                    ranks disagree, or `deadline` passes. The communicator is then dead. An
  ///                    operation that another thread executes is waited for to its own time limit.
  virtual void wait(Deadline deadline) = 0;
};

/// A group of ranks that reduce and move data together.
///
/// Every member but rank(), size() and time_limit() is **collective**: all ranks call the same
/// operations in the same order with equal dtype, op, root and sizes; ranks that disagree get a
/// CommError naming both sides. Buffers stay the caller's and must live, unread and unwritten,
/// until the returned Work is complete. After a CommError every later call throws one that names
/// the first failure. UsageErrors (a length that does not fit, a root out of range) come before
/// anything is sent. Not thread-safe. Sums of f16 and bf16 accumulate in f32 and round once a hop;
/// `avg` divides by size() after the sum. All ranks end with the same bits.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;
  /// How long `wait(work)` and the destructors wait at the most.
  virtual std::chrono::milliseconds time_limit() const noexcept = 0;

  /// In place: every rank ends with the reduction of all `data`.
  virtual std::unique_ptr<Work> allreduce(std::span<std::byte> data, DType dtype, ReduceOp op) = 0;

  /// `input` is size() blocks as long as `output`; rank r ends with the reduction of all r-th
  /// blocks. Input and output do not overlap, here and in allgather().
  virtual std::unique_ptr<Work> reduce_scatter(std::span<const std::byte> input,
                                               std::span<std::byte> output, DType dtype,
                                               ReduceOp op) = 0;

  /// `output` is size() blocks as long as `input`; block r becomes rank r's input, on every rank.
  virtual std::unique_ptr<Work> allgather(std::span<const std::byte> input,
                                          std::span<std::byte> output) = 0;

  /// Every rank's `data` becomes rank `root`'s.
  virtual std::unique_ptr<Work> broadcast(std::span<std::byte> data, int root) = 0;

  /// Complete when every rank has called it.
  virtual std::unique_ptr<Work> barrier() = 0;

  /// The sum over all lanes, added along the lane tree: the same bits on any number of ranks.
  ///
  /// `nodes` are the sums of this rank's lanes, lane_range(rank(), size(), lanes), as LaneTreeSum
  /// yields them; the list is copied, the sums are views that must live as buffers do and must not
  /// overlap `result`. Each sum is as long as `result`. Traffic: each rank sends (p-1)/p *
  /// result.size_bytes() once for each of its nodes and once more.
  virtual std::unique_ptr<Work> allreduce_lanes(std::span<const LaneNode> nodes, std::size_t lanes,
                                                std::span<float> result) = 0;
};

inline bool is_root(const Communicator& comm) noexcept {
  return comm.rank() == 0;
}

/// Blocks for at most the communicator's time limit. \throws CommError as Work::wait.
inline void wait(const Communicator& comm, Work& work) {
  work.wait(std::chrono::steady_clock::now() + comm.time_limit());
}

/// Typed, blocking front ends. Collective; errors as in Communicator.
template <Element T>
void allreduce(Communicator& comm, std::span<T> data, ReduceOp op) {
  wait(comm, *comm.allreduce(std::as_writable_bytes(data), dtype_of<T>, op));
}
template <Element T>
void reduce_scatter(Communicator& comm, std::span<const T> input, std::span<T> output,
                    ReduceOp op) {
  wait(comm,
       *comm.reduce_scatter(std::as_bytes(input), std::as_writable_bytes(output), dtype_of<T>, op));
}
template <class T>
void allgather(Communicator& comm, std::span<const T> input, std::span<T> output) {
  wait(comm, *comm.allgather(std::as_bytes(input), std::as_writable_bytes(output)));
}
template <class T>
void broadcast(Communicator& comm, std::span<T> data, int root) {
  wait(comm, *comm.broadcast(std::as_writable_bytes(data), root));
}
inline void barrier(Communicator& comm) {
  wait(comm, *comm.barrier());
}

}  // namespace rondo::comm
