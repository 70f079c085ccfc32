// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace rondo::comm {

using Deadline = std::chrono::steady_clock::time_point;

/// Moves bytes between two ranks: all that a collective algorithm may rely on.
///
/// Messages from one rank to another with one tag arrive in the order in which they were sent.
/// Buffers stay the caller's and must live until their ticket was tested successfully. One thread
/// at a time may use a Transport. Implementations: MPI point-to-point, threads of one process.
class Transport {
 public:
  /// Names one posted message; valid until its test() has returned true.
  using Ticket = std::uint64_t;

  virtual ~Transport() = default;
  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;
  /// By rank, the number of its node: ranks of one node can share memory. Numbered in the order of
  /// their lowest ranks.
  virtual std::span<const int> nodes() const noexcept = 0;

  /// Whether some rank of this machine cannot have a core of its own: whoever waits must then yield
  /// the core.
  virtual bool is_crowded() const noexcept { return false; }

  /// Whether buffers may lie in a GPU's memory; equal on all ranks.
  virtual bool takes_device_memory() const noexcept { return false; }

  /// Starts to send `bytes` to `peer`, which may be this rank itself; returns at once.
  virtual Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) = 0;

  /// Starts to receive exactly `bytes.size()` bytes from `peer`; returns at once.
  virtual Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) = 0;

  /// Starts to receive at most `room.size()` bytes from `peer`, for ranks that may not know what
  /// the others send; returns at once. `length` becomes the message's before test() returns true,
  /// and must live until then. \throws UsageError  more room than one message may have
  virtual Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                                    std::size_t& length) = 0;

  /// True, once, when the message's buffer may be read or used again; advances what is outstanding.
  /// \throws CommError  the peer is lost or the message had another length, or more than there is
  ///                    room for. Other messages stay under way until abandon().
  virtual bool test(Ticket ticket) = 0;

  /// For people: "a message of 8 bytes from rank 3".
  virtual std::string describe(Ticket ticket) const = 0;

  /// For people, by peer, every message whose test() has not returned true: "8 bytes from rank 1, 2
  /// messages of 16 bytes in all to rank 3". Empty if a transport does not know.
  virtual std::string describe_outstanding() const { return {}; }

  /// Advances what is outstanding and what peers wait for, without testing anything: a sender may
  /// learn that its message has come only if the receiver looks after the transport. Whoever waits
  /// for something else calls it now and then.
  virtual void progress() {}

  /// Gives up every outstanding message and ends the transport's use: no buffer is written any
  /// more. Two things MPI cannot recall: a large send that is under way may still read its buffer,
  /// and a large receive whose sender stopped in its middle may still write its own. A program that
  /// outlives such an error keeps those buffers.
  virtual void abandon() noexcept = 0;

  /// A transport between all ranks that pass the same `color`, ordered by `key`, then by rank;
  /// nullptr for a negative color. Collective, blocking. \throws CommError
  virtual std::unique_ptr<Transport> split(int color, int key) = 0;
};

}  // namespace rondo::comm
