// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <climits>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <mpi.h>

#include "rondo/comm/transport.hpp"

#include "comm/outstanding.hpp"

namespace rondo::comm {

/// MPI point-to-point messages on a duplicate of the caller's communicator.
///
/// Messages longer than `chunk_bytes` go in several MPI messages. A node is what MPI says shares
/// memory. At MPI_THREAD_SERIALIZED each MPI call holds an MpiGuard.
class MpiTransport final : public Transport {
 public:
  /// Collective. \throws CommError
  explicit MpiTransport(MPI_Comm parent, std::size_t chunk_bytes = INT_MAX);
  /// Takes `comm` over, which nobody else uses. Collective. \throws CommError
  static std::unique_ptr<MpiTransport> adopt(MPI_Comm comm, std::size_t chunk_bytes = INT_MAX);
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  /// Collective as MPI_Comm_free is. Leaks the communicator instead if the transport was abandoned,
  /// if an exception unwinds the stack (it may be this rank's alone), or after MPI_Finalize.
  ~MpiTransport() override;

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return size_; }
  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override;
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override;
  /// `room` must fit into one chunk.
  Ticket post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                            std::size_t& length) override;
  std::span<const int> nodes() const noexcept override { return nodes_; }
  bool is_crowded() const noexcept override { return is_crowded_; }
  /// As MPI says, which may be wrong.
  bool takes_device_memory() const noexcept override;
  bool test(Ticket ticket) override;
  std::string describe(Ticket ticket) const override;
  std::string describe_outstanding() const override;
  void progress() override;
  void abandon() noexcept override;
  std::unique_ptr<Transport> split(int color, int key) override;

 private:
  struct Chunk {
    MPI_Request request;
    int bytes;
  };
  /// One posted message; `chunks` keeps its memory for the next one in this place.
  struct Message {
    bool is_receive = false;
    int peer = 0;
    std::size_t bytes = 0;
    std::size_t* length = nullptr;  // for the message's, where at most `bytes` are received
    std::size_t completed = 0;      // chunks
    std::vector<Chunk> chunks;
  };
  struct Adopt {};

  MpiTransport(Adopt, MPI_Comm comm, std::size_t chunk_bytes);
  void meet_node();
  Ticket new_message(bool is_receive, int peer, std::size_t bytes);
  bool test(const Message& message, Chunk& chunk);
  static MessageLength length_of(const Message& message);

  MPI_Comm comm_;
  int rank_ = 0;
  int size_ = 1;
  int exceptions_;
  std::size_t chunk_bytes_;
  std::vector<int> nodes_;  // by rank
  bool is_crowded_ = false;
  bool abandoned_ = false;
  std::vector<Message> messages_;  // by ticket
  std::vector<Ticket> free_;
};

}  // namespace rondo::comm
