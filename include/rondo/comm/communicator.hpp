// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/call.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::comm {

struct Tuning;

/// Who executes operations that were started.
enum class Progress : std::uint8_t {
  caller,  ///< whoever waits, calls done() or progress(): operations advance in these calls
  thread   ///< a thread of the communicator's own, as soon as they are started; or a waiting caller
};

struct CommunicatorOptions {
  /// How long an operation may take once it executes, and wait(work) altogether.
  std::chrono::milliseconds time_limit = std::chrono::minutes(2);
  Progress progress = Progress::caller;
  bool shared_memory = true;  ///< use it between ranks of one node
  /// Equal on all ranks. Null: what rank 0 reads from the file that RONDO_TUNING names, if any.
  std::shared_ptr<const Tuning> tuning = {};
};

/// Completion of one collective operation. Not thread-safe.
///
/// Destroying an unfinished Work waits for it, within the communicator's time limit, and does not
/// throw.
class Work {
 public:
  virtual ~Work() = default;
  /// True once `wait` would return or throw at once. Advances operations with Progress::caller.
  virtual bool done() = 0;
  /// Blocks until the operation is complete.
  /// \throws CommError  naming operation, sequence number, bytes and the peers that it waits for,
  ///                    when a peer is lost, the ranks disagree, or `deadline` passes. The
  ///                    communicator is then dead. An operation that another thread executes is
  ///                    waited for to its own time limit.
  virtual void wait(Deadline deadline) = 0;
};

/// Where a rank stands among the others of its communicator.
struct Place {
  int rank = 0;
  int size = 1;
  int node = 0;  ///< nodes are numbered by their lowest rank
  int nodes = 1;
  int node_rank = 0;  ///< among the ranks of this node, in their order
  int node_size = 1;
  int smallest_node_size = 1;  ///< equal on all ranks
};

/// Memory of one rank that the communicator's other ranks on its node reach without copies. Zeroed,
/// touched first by its owner, aligned to 2 MiB (to a page where there is nothing to share).
/// Destroying it is local and gives the memory back at once: no operation may be under way on it.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual std::span<std::byte> bytes() noexcept = 0;
  /// By rank, the memory that every rank of the communicator got from the same allocate(), as this
  /// rank sees it: loads and stores go straight there. At least one byte of each.
  /// Empty unless all ranks share one node; alike on all ranks.
  ///
  /// Nothing orders these loads and stores but collectives: a rank sees what others stored before
  /// they entered a barrier or an allreduce that it has left, and no two may touch an element
  /// between two of them if one of the two stores. Valid as long as this Memory; what a rank gave
  /// back must not be touched.
  virtual std::span<const std::span<std::byte>> peers() const noexcept { return {}; }
};

/// A group of ranks that reduce and move data together.
///
/// Every member but the accessors, explain(), takes_device_memory() and progress() is
/// **collective**: all ranks call the same operations in the same order with equal dtype, op, root,
/// sizes and options; ranks that disagree get a CommError naming both sides, before a byte of their
/// data has changed. Buffers stay the caller's and must live, unread and unwritten, until the
/// returned Work is complete. After a CommError every later call throws one that names the first
/// failure, and a rank that was only late may still store into memory of allocate(). UsageErrors (a
/// length that does not fit, a root out of range) come before anything is sent. Not thread-safe.
/// Sums of f16 and bf16 accumulate in f32 and round once a hop; `avg` divides by size() after the
/// sum. All ranks end with the same bits.
class Communicator {
 public:
  virtual ~Communicator() = default;

  const Place& place() const noexcept { return place_; }
  int rank() const noexcept { return place_.rank; }
  int size() const noexcept { return place_.size; }
  /// How long `wait(work)` and the destructors wait at the most.
  std::chrono::milliseconds time_limit() const noexcept { return time_limit_; }

  /// Starts `call`. Operations complete in the order in which they were started.
  virtual std::unique_ptr<Work> start(const Call& call) = 0;
  /// The same as waiting for start(call) within the time limit, and faster for short calls.
  virtual void run(const Call& call) = 0;
  /// Advances what was started, as far as that needs no waiting. A hook for loops that compute.
  /// Errors come with the Work that they belong to.
  virtual void progress() = 0;
  /// One line: the algorithm that `call` would run, and why. Local. \throws UsageError as start()
  virtual std::string explain(const Call& call) const = 0;
  /// Memory of `bytes` on this rank; other ranks may ask for other lengths. Buffers inside it spare
  /// operations between ranks of one node every copy. Collective, blocking. \throws CommError  on
  /// all ranks, if one has no memory left. Without shared memory (one rank a node, or
  /// CommunicatorOptions::shared_memory off) it is plain memory.
  virtual std::unique_ptr<Memory> allocate(std::size_t bytes) = 0;
  /// The communicator of all ranks that pass the same `color`, ordered by `key`, then by rank.
  /// Collective, blocking, once all that was started is complete (only the exchange inside MPI has
  /// no deadline); it inherits the options. A negative color takes part and gets nullptr.
  virtual std::unique_ptr<Communicator> split(int color, int key) = 0;
  /// For messages of the caller's own between the same ranks, apart from all operations. As
  /// blocking as split(), and as split()'s result no one's but the caller's.
  virtual std::unique_ptr<Transport> open_transport() = 0;
  /// Whether that Transport would take buffers in a GPU's memory. Local.
  virtual bool takes_device_memory() const noexcept = 0;

  /// Every rank's `output` becomes the reduction of all ranks' `input`. Both are equally long, and
  /// the same memory or apart.
  std::unique_ptr<Work> allreduce(std::span<const std::byte> input, std::span<std::byte> output,
                                  DType dtype, ReduceOp op, CallOptions options = {}) {
    return start({.collective = Collective::allreduce,
                  .dtype = dtype,
                  .op = op,
                  .input = input,
                  .output = output,
                  .options = options});
  }
  /// In place.
  std::unique_ptr<Work> allreduce(std::span<std::byte> data, DType dtype, ReduceOp op,
                                  CallOptions options = {}) {
    return allreduce(data, data, dtype, op, options);
  }

  /// `input` is size() blocks as long as `output`; rank r ends with the reduction of all r-th
  /// blocks. Input and output do not overlap, here and in allgather().
  std::unique_ptr<Work> reduce_scatter(std::span<const std::byte> input,
                                       std::span<std::byte> output, DType dtype, ReduceOp op,
                                       CallOptions options = {}) {
    return start({.collective = Collective::reduce_scatter,
                  .dtype = dtype,
                  .op = op,
                  .input = input,
                  .output = output,
                  .options = options});
  }

  /// `output` is size() blocks as long as `input`; block r becomes rank r's input, on every rank.
  std::unique_ptr<Work> allgather(std::span<const std::byte> input, std::span<std::byte> output,
                                  CallOptions options = {}) {
    return start({.collective = Collective::allgather,
                  .input = input,
                  .output = output,
                  .options = options});
  }

  /// `input` and `output` are size() blocks, equally long: block r of a rank's input becomes block
  /// rank() of rank r's output. They do not overlap. Always by messages, straight to their rank.
  std::unique_ptr<Work> all_to_all(std::span<const std::byte> input, std::span<std::byte> output,
                                   CallOptions options = {}) {
    return start({.collective = Collective::all_to_all,
                  .input = input,
                  .output = output,
                  .options = options});
  }

  /// Every rank's `data` becomes rank `root`'s.
  std::unique_ptr<Work> broadcast(std::span<std::byte> data, int root, CallOptions options = {}) {
    return start({.collective = Collective::broadcast,
                  .root = root,
                  .input = data,
                  .output = data,
                  .options = options});
  }

  /// Complete when every rank has called it.
  std::unique_ptr<Work> barrier(CallOptions options = {}) {
    return start({.collective = Collective::barrier, .options = options});
  }

  /// The sum over all lanes, added along the lane tree: the same bits on any number of ranks.
  ///
  /// `nodes` are the sums of this rank's lanes, lane_range(rank(), size(), lanes), as LaneTreeSum
  /// yields them; the list is copied, the sums are views that must live as buffers do. Each sum is
  /// as long as `result`, which is the memory of one of them or apart from all. Where all
  /// ranks share one node and their sums and results lie in memory of allocate(), nothing is
  /// copied; else each rank sends (p-1)/p * result.size_bytes() once for each of its nodes and once
  /// more.
  std::unique_ptr<Work> allreduce_lanes(std::span<const LaneNode> nodes, std::size_t lanes,
                                        std::span<float> result, CallOptions options = {}) {
    return start({.collective = Collective::allreduce_lanes,
                  .dtype = DType::f32,
                  .output = std::as_writable_bytes(result),
                  .nodes = nodes,
                  .lanes = lanes,
                  .options = options});
  }

  /// As allreduce_lanes(), but `result` is this rank's part of the sum alone, the rank()-th of
  /// size() equal ones. Each sum is size() times as long; `result` is that part of one of them, or
  /// apart from all, and may lie anywhere. The same bits as in allreduce_lanes().
  std::unique_ptr<Work> reduce_scatter_lanes(std::span<const LaneNode> nodes, std::size_t lanes,
                                             std::span<float> result, CallOptions options = {}) {
    return start({.collective = Collective::reduce_scatter_lanes,
                  .dtype = DType::f32,
                  .output = std::as_writable_bytes(result),
                  .nodes = nodes,
                  .lanes = lanes,
                  .options = options});
  }

 protected:
  Communicator(Place place, std::chrono::milliseconds time_limit) noexcept
      : place_(place), time_limit_(time_limit) {}

 private:
  Place place_;
  std::chrono::milliseconds time_limit_;
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
void allreduce(Communicator& comm, std::span<const T> input, std::span<T> output, ReduceOp op,
               CallOptions options = {}) {
  comm.run({.collective = Collective::allreduce,
            .dtype = dtype_of<T>,
            .op = op,
            .input = std::as_bytes(input),
            .output = std::as_writable_bytes(output),
            .options = options});
}
template <Element T>
void allreduce(Communicator& comm, std::span<T> data, ReduceOp op, CallOptions options = {}) {
  allreduce(comm, std::span<const T>(data), data, op, options);
}
template <Element T>
void reduce_scatter(Communicator& comm, std::span<const T> input, std::span<T> output, ReduceOp op,
                    CallOptions options = {}) {
  comm.run({.collective = Collective::reduce_scatter,
            .dtype = dtype_of<T>,
            .op = op,
            .input = std::as_bytes(input),
            .output = std::as_writable_bytes(output),
            .options = options});
}
template <class T>
void allgather(Communicator& comm, std::span<const T> input, std::span<T> output,
               CallOptions options = {}) {
  comm.run({.collective = Collective::allgather,
            .input = std::as_bytes(input),
            .output = std::as_writable_bytes(output),
            .options = options});
}
template <class T>
void all_to_all(Communicator& comm, std::span<const T> input, std::span<T> output,
                CallOptions options = {}) {
  comm.run({.collective = Collective::all_to_all,
            .input = std::as_bytes(input),
            .output = std::as_writable_bytes(output),
            .options = options});
}
template <class T>
void broadcast(Communicator& comm, std::span<T> data, int root, CallOptions options = {}) {
  comm.run({.collective = Collective::broadcast,
            .root = root,
            .input = std::as_bytes(data),
            .output = std::as_writable_bytes(data),
            .options = options});
}
inline void barrier(Communicator& comm) {
  comm.run({.collective = Collective::barrier});
}

}  // namespace rondo::comm
