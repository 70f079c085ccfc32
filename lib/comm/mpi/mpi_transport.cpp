// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/mpi/mpi_transport.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "comm/cores.hpp"
#include "comm/mpi/mpi_check.hpp"

#if __has_include(<mpi-ext.h>)
#include <mpi-ext.h>
#endif

namespace rondo::comm {
namespace {

using Clock = std::chrono::steady_clock;

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

MPI_Comm duplicate(MPI_Comm parent) {
  const MpiGuard guard;
  MPI_Comm copy = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(parent, &copy), "MPI_Comm_dup");
  return copy;
}

/// `own` of every rank of `comm`. Collective.
template <class T>
std::vector<T> gather(MPI_Comm comm, const T& own) {
  int size = 0;
  check_mpi(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  std::vector<T> all(static_cast<std::size_t>(size));
  check_mpi(MPI_Allgather(&own, sizeof(T), MPI_BYTE, all.data(), sizeof(T), MPI_BYTE, comm),
            "MPI_Allgather");
  return all;
}

/// The nodes' numbers, in the order of their lowest ranks, from these. Both by rank.
std::vector<int> number_nodes(std::vector<int> nodes) {
  std::vector<int> lowest_ranks = nodes;
  std::ranges::sort(lowest_ranks);
  const auto repeated = std::ranges::unique(lowest_ranks);
  lowest_ranks.erase(repeated.begin(), repeated.end());
  for (int& number : nodes)
    number =
        static_cast<int>(std::ranges::lower_bound(lowest_ranks, number) - lowest_ranks.begin());
  return nodes;
}

}  // namespace

MpiTransport::MpiTransport(MPI_Comm parent, std::size_t chunk_bytes)
    : MpiTransport(Adopt{}, duplicate(parent), chunk_bytes) {}

MpiTransport::MpiTransport(Adopt, MPI_Comm comm, std::size_t chunk_bytes)
    : comm_(comm), exceptions_(std::uncaught_exceptions()), chunk_bytes_(chunk_bytes) {
  const MpiGuard guard;
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
  meet_node();
}

/// Who shares memory and cores with this rank.
void MpiTransport::meet_node() {
  MPI_Comm node = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node),
            "MPI_Comm_split_type");
  int lowest = rank_;
  check_mpi(MPI_Bcast(&lowest, 1, MPI_INT, 0, node), "MPI_Bcast");
  is_crowded_ = comm::is_crowded(gather(node, own_cores()));
  check_mpi(MPI_Comm_free(&node), "MPI_Comm_free");
  nodes_ = number_nodes(gather(comm_, lowest));
}

std::unique_ptr<MpiTransport> MpiTransport::adopt(MPI_Comm comm, std::size_t chunk_bytes) {
  return std::unique_ptr<MpiTransport>(new MpiTransport(Adopt{}, comm, chunk_bytes));
}

MpiTransport::~MpiTransport() {
  const MpiGuard guard;
  int finalized = 0;
  MPI_Finalized(&finalized);
  const bool unwinding = std::uncaught_exceptions() > exceptions_;
  if (finalized == 0 && !abandoned_ && !unwinding) MPI_Comm_free(&comm_);
}

std::unique_ptr<Transport> MpiTransport::split(int color, int key) {
  MPI_Comm part = MPI_COMM_NULL;
  {
    const MpiGuard guard;
    check_mpi(MPI_Comm_split(comm_, color < 0 ? MPI_UNDEFINED : color, key, &part),
              "MPI_Comm_split");
  }
  if (part == MPI_COMM_NULL) return nullptr;
  auto transport = adopt(part, chunk_bytes_);
  transport->is_crowded_ = is_crowded_;  // by ranks of other parts, too
  return transport;
}

bool MpiTransport::takes_device_memory() const noexcept {
#if defined(MPIX_CUDA_AWARE_SUPPORT) || defined(MPIX_GPU_SUPPORT_CUDA)
  return MPIX_Query_cuda_support() != 0;
#else
  return false;
#endif
}

Transport::Ticket MpiTransport::new_message(bool is_receive, int peer, std::size_t bytes) {
  if (abandoned_) throw CommError("this MPI transport was given up after an error");
  if (free_.empty()) {
    free_.push_back(messages_.size());
    messages_.emplace_back();
  }
  const Ticket ticket = free_.back();
  free_.pop_back();
  Message& message = messages_[ticket];
  message.is_receive = is_receive;
  message.peer = peer;
  message.bytes = bytes;
  message.length = nullptr;
  message.completed = 0;
  return ticket;
}

Transport::Ticket MpiTransport::post_send(int peer, int tag, std::span<const std::byte> bytes) {
  const MpiGuard guard;
  const Ticket ticket = new_message(false, peer, bytes.size());
  auto& chunks = messages_[ticket].chunks;
  for_each_chunk(bytes.size(), chunk_bytes_, [&](std::size_t offset, int length) {
    chunks.push_back({MPI_REQUEST_NULL, length});
    MPI_Request& request = chunks.back().request;
    // test() completes it. NOLINTNEXTLINE(clang-analyzer-optin.mpi.MPI-Checker)
    check_mpi(MPI_Isend(bytes.data() + offset, length, MPI_BYTE, peer, tag, comm_, &request),
              "MPI_Isend");
  });
  return ticket;
}

Transport::Ticket MpiTransport::post_receive(int peer, int tag, std::span<std::byte> bytes) {
  const MpiGuard guard;
  const Ticket ticket = new_message(true, peer, bytes.size());
  auto& chunks = messages_[ticket].chunks;
  for_each_chunk(bytes.size(), chunk_bytes_, [&](std::size_t offset, int length) {
    chunks.push_back({MPI_REQUEST_NULL, length});
    MPI_Request& request = chunks.back().request;
    // test() completes it. NOLINTNEXTLINE(clang-analyzer-optin.mpi.MPI-Checker)
    check_mpi(MPI_Irecv(bytes.data() + offset, length, MPI_BYTE, peer, tag, comm_, &request),
              "MPI_Irecv");
  });
  return ticket;
}

Transport::Ticket MpiTransport::post_receive_up_to(int peer, int tag, std::span<std::byte> room,
                                                   std::size_t& length) {
  require(room.size() <= chunk_bytes_, "a message of unknown length must fit into one chunk");
  const Ticket ticket = post_receive(peer, tag, room);
  messages_[ticket].length = &length;
  return ticket;
}

bool MpiTransport::test(Ticket ticket) {
  if (abandoned_) throw CommError("this MPI transport was given up after an error");
  const MpiGuard guard;
  Message& message = messages_[ticket];
  while (message.completed < message.chunks.size()) {
    if (!test(message, message.chunks[message.completed])) return false;
    ++message.completed;
  }
  message.chunks.clear();
  free_.push_back(ticket);
  return true;
}

bool MpiTransport::test(const Message& message, Chunk& chunk) {
  int done = 0;
  MPI_Status status;
  check_mpi(MPI_Test(&chunk.request, &done, &status), "MPI_Test");
  if (done == 0) return false;
  if (!message.is_receive) return true;
  int received = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &received), "MPI_Get_count");
  const bool is_short = received < chunk.bytes;
  if (message.length != nullptr) *message.length = static_cast<std::size_t>(received);
  if (received > chunk.bytes || (is_short && message.length == nullptr))
    throw CommError(fmt::format("rank {} sent {} bytes where {} were expected", message.peer,
                                received, chunk.bytes),
                    ExitCode::internal);
  return true;
}

MessageLength MpiTransport::length_of(const Message& message) {
  return {.bytes = message.bytes, .at_most = message.length != nullptr};
}

std::string MpiTransport::describe(Ticket ticket) const {
  const Message& message = messages_.at(ticket);
  return fmt::format("a message of {} {} rank {}", comm::describe(length_of(message)),
                     message.is_receive ? "from" : "to", message.peer);
}

std::string MpiTransport::describe_outstanding() const {
  using enum Outstanding::Direction;
  Outstanding outstanding;
  for (const Message& message : messages_) {
    if (message.completed < message.chunks.size())
      outstanding.add(message.is_receive ? from : to, message.peer, length_of(message));
  }
  return outstanding.describe();
}

void MpiTransport::progress() {
  const MpiGuard guard;
  int found = 0;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &found, MPI_STATUS_IGNORE),
            "MPI_Iprobe");
}

void MpiTransport::abandon() noexcept {
  const MpiGuard guard;
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
