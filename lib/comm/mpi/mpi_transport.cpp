// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/mpi/mpi_transport.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/mpi/mpi_check.hpp"

namespace rondo::comm {
namespace {

using Clock = std::chrono::steady_clock;

/// Makes a polling loop kinder to the core the longer it lasts.
class Backoff {
 public:
  void pause() {
    ++polls_;
    if (polls_ <= spins) return;
    if (polls_ <= yields)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }

 private:
  static constexpr int spins = 200;
  static constexpr int yields = 20'000;
  int polls_ = 0;
};

/// Calls `post(offset, bytes)` for each chunk; once for an empty message.
template <class Post>
void for_each_chunk(std::size_t bytes, std::size_t chunk_bytes, Post post) {
  std::size_t offset = 0;
  do {
    const std::size_t length = std::min(bytes - offset, chunk_bytes);
    post(offset, static_cast<int>(length));
    offset += length;
  } while (offset < bytes);
}

}  // namespace

MpiTransport::MpiTransport(MPI_Comm parent, std::size_t chunk_bytes)
    : exceptions_(std::uncaught_exceptions()), chunk_bytes_(chunk_bytes) {
  check_mpi(MPI_Comm_dup(parent, &comm_), "MPI_Comm_dup");
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

MpiTransport::~MpiTransport() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  const bool unwinding = std::uncaught_exceptions() > exceptions_;
  if (finalized == 0 && !abandoned_ && !unwinding) MPI_Comm_free(&comm_);
}

Transport::Ticket MpiTransport::new_message(bool is_receive, int peer) {
  if (abandoned_) throw CommError("this MPI transport was given up after an error");
  if (free_.empty()) {
    free_.push_back(messages_.size());
    messages_.emplace_back();
  }
  const Ticket ticket = free_.back();
  free_.pop_back();
  messages_[ticket].is_receive = is_receive;
  messages_[ticket].peer = peer;
  return ticket;
}

/// Of an operation that MPI refused, nothing may go on in the background.
void MpiTransport::check_posted(int code, const char* call) {
  try {
    check_mpi(code, call);
  } catch (const CommError&) {
    abandon();
    throw;
  }
}

Transport::Ticket MpiTransport::post_send(int peer, int tag, std::span<const std::byte> bytes) {
  const Ticket ticket = new_message(false, peer);
  auto& chunks = messages_[ticket].chunks;
  for_each_chunk(bytes.size(), chunk_bytes_, [&](std::size_t offset, int length) {
    chunks.push_back({MPI_REQUEST_NULL, length});
    MPI_Request& request = chunks.back().request;
    // await() tests it. NOLINTNEXTLINE(clang-analyzer-optin.mpi.MPI-Checker)
    check_posted(MPI_Isend(bytes.data() + offset, length, MPI_BYTE, peer, tag, comm_, &request),
                 "MPI_Isend");
  });
  return ticket;
}

Transport::Ticket MpiTransport::post_receive(int peer, int tag, std::span<std::byte> bytes) {
  const Ticket ticket = new_message(true, peer);
  auto& chunks = messages_[ticket].chunks;
  for_each_chunk(bytes.size(), chunk_bytes_, [&](std::size_t offset, int length) {
    chunks.push_back({MPI_REQUEST_NULL, length});
    MPI_Request& request = chunks.back().request;
    // await() tests it. NOLINTNEXTLINE(clang-analyzer-optin.mpi.MPI-Checker)
    check_posted(MPI_Irecv(bytes.data() + offset, length, MPI_BYTE, peer, tag, comm_, &request),
                 "MPI_Irecv");
  });
  return ticket;
}

void MpiTransport::wait(Ticket ticket, Deadline deadline) {
  if (abandoned_) throw CommError("this MPI transport was given up after an error");
  Message& message = messages_[ticket];
  try {
    for (Chunk& chunk : message.chunks)
      complete(message, chunk, deadline);
  } catch (const CommError&) {
    abandon();
    throw;
  }
  message.chunks.clear();
  free_.push_back(ticket);
}

void MpiTransport::complete(const Message& message, Chunk& chunk, Deadline deadline) {
  MPI_Status status;
  if (!await(chunk.request, status, deadline))
    throw CommError(
        fmt::format("a message of {} bytes {} rank {} was not through in time: is that "
                    "rank stopped, far behind, or its network down?",
                    chunk.bytes, message.is_receive ? "from" : "to", message.peer));
  if (!message.is_receive) return;
  int received = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &received), "MPI_Get_count");
  if (received != chunk.bytes)
    throw CommError(fmt::format("rank {} sent {} bytes where {} were expected", message.peer,
                                received, chunk.bytes),
                    ExitCode::internal);
}

/// False if the deadline passed first.
bool MpiTransport::await(MPI_Request& request, MPI_Status& status, Deadline deadline) {
  Backoff backoff;
  while (true) {
    int done = 0;
    check_mpi(MPI_Test(&request, &done, &status), "MPI_Test");
    if (done != 0) return true;
    if (Clock::now() >= deadline) return false;
    backoff.pause();
  }
}

void MpiTransport::abandon() noexcept {
  abandoned_ = true;
  // A cancelled receive completes at once unless its data is arriving, which a lost peer may never
  // end: that one is left alone after a short while.
  const Deadline patience = Clock::now() + std::chrono::milliseconds(100);
  for (Message& message : messages_) {
    for (Chunk& chunk : message.chunks) {
      if (chunk.request == MPI_REQUEST_NULL) continue;
      if (message.is_receive) {
        int done = 0;
        MPI_Cancel(&chunk.request);
        while (done == 0 && Clock::now() < patience)
          MPI_Test(&chunk.request, &done, MPI_STATUS_IGNORE);
      }
      if (chunk.request != MPI_REQUEST_NULL) MPI_Request_free(&chunk.request);
    }
  }
  messages_.clear();
}

}  // namespace rondo::comm
