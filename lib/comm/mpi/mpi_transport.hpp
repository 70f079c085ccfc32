// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <climits>
#include <cstddef>
#include <vector>

#include <mpi.h>

#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// MPI point-to-point messages on a duplicate of the caller's communicator.
///
/// Waiting polls, first spinning, then yielding the core, then sleeping briefly, so that more ranks
/// than cores make progress. Messages longer than `chunk_bytes` go in several MPI messages.
class MpiTransport final : public Transport {
 public:
  /// Collective. \throws CommError
  explicit MpiTransport(MPI_Comm parent, std::size_t chunk_bytes = INT_MAX);
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  /// Collective as MPI_Comm_free is. Leaks the communicator instead if the transport was abandoned,
  /// if an exception unwinds the stack (it may be this rank's alone), or after MPI_Finalize.
  ~MpiTransport() override;

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return size_; }
  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override;
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override;
  void wait(Ticket ticket, Deadline deadline) override;
  void abandon() noexcept override;

 private:
  struct Chunk {
    MPI_Request request;
    int bytes;
  };
  /// One posted message; `chunks` keeps its memory for the next one in this place.
  struct Message {
    bool is_receive = false;
    int peer = 0;
    std::vector<Chunk> chunks;
  };

  void check_posted(int code, const char* call);
  Ticket new_message(bool is_receive, int peer);
  bool await(MPI_Request& request, MPI_Status& status, Deadline deadline);
  void complete(const Message& message, Chunk& chunk, Deadline deadline);

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  int exceptions_;
  std::size_t chunk_bytes_;
  bool abandoned_ = false;
  std::vector<Message> messages_;  // by ticket
  std::vector<Ticket> free_;
};

}  // namespace rondo::comm
