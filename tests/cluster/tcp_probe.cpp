// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <mpi.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"

// What the link between hosts carries: every rank streams to the next one by plain TCP, all of them
// at once, so that with one rank a host every link is full both ways. MPI only makes the ranks
// known to each other. Rank 0 prints one line of JSON.

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using rondo::FileDescriptor;

struct Options {
  double seconds = 1;            ///< how long the streams are measured
  std::uint64_t byte_count = 0;  ///< or how much every rank sends; 0: as much as the time allows
};

struct World {
  int rank = 0;
  int size = 1;
};

/// Skipped at the start of a timed run: TCP has yet to find the speed of the link.
constexpr Seconds warm_up{0.5};
constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;

World all_ranks() {
  World world;
  MPI_Comm_rank(MPI_COMM_WORLD, &world.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world.size);
  return world;
}

/// The result of a socket call; a negative one is an error.
ssize_t check(ssize_t result, const char* call) {
  if (result < 0)
    throw rondo::CommError(fmt::format("{}: {}", call, std::generic_category().message(errno)));
  return result;
}

std::string host_name() {
  std::string name(HOST_NAME_MAX + 1, '\0');
  check(gethostname(name.data(), name.size()), "gethostname");
  name.resize(name.find('\0'));
  return name;
}

/// Where the others reach this host: the address of its own name.
sockaddr_in own_address() {
  const std::string name = host_name();
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(name.c_str(), nullptr, &hints, &found); code != 0)
    throw rondo::CommError(fmt::format("no address of host '{}': {}", name, gai_strerror(code)));
  const sockaddr_in address = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  freeaddrinfo(found);
  return address;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

FileDescriptor make_socket() {
  return FileDescriptor(static_cast<int>(check(socket(AF_INET, SOCK_STREAM, 0), "socket")));
}

struct Streams {
  FileDescriptor to_next;
  FileDescriptor from_previous;
};

/// Collective.
Streams connect_ring(World world) {
  const FileDescriptor listener = make_socket();
  sockaddr_in own = own_address();
  socklen_t length = sizeof own;
  check(bind(listener.get(), generic(own), length), "bind");
  check(listen(listener.get(), 1), "listen");
  check(getsockname(listener.get(), generic(own), &length), "getsockname");
  std::vector<sockaddr_in> addresses(static_cast<std::size_t>(world.size));
  MPI_Allgather(&own, sizeof own, MPI_BYTE, addresses.data(), sizeof own, MPI_BYTE, MPI_COMM_WORLD);

  Streams streams{.to_next = make_socket(), .from_previous = {}};
  auto& next = addresses[static_cast<std::size_t>((world.rank + 1) % world.size)];
  check(connect(streams.to_next.get(), generic(next), sizeof next), "connect");
  streams.from_previous =
      FileDescriptor(static_cast<int>(check(accept(listener.get(), nullptr, nullptr), "accept")));
  return streams;
}

/// Sends until `byte_count` bytes are gone or `end` has come; the receiver then sees the end.
void send_stream(int socket, std::uint64_t byte_count, Clock::time_point end) {
  const std::vector<char> chunk(chunk_bytes);
  while (byte_count > 0 && Clock::now() < end) {
    const auto length = std::min<std::uint64_t>(chunk.size(), byte_count);
    byte_count -=
        static_cast<std::uint64_t>(check(send(socket, chunk.data(), length, MSG_NOSIGNAL), "send"));
  }
  check(shutdown(socket, SHUT_WR), "shutdown");
}

struct Received {
  std::uint64_t byte_count = 0;
  Seconds duration{0};
};

/// Receives to the end of the stream; counts what comes after `begin` and before `end`.
Received receive_stream(int socket, Clock::time_point begin, Clock::time_point end) {
  std::vector<char> chunk(chunk_bytes);
  Received received;
  auto first = begin;
  while (const auto length = check(recv(socket, chunk.data(), chunk.size(), 0), "recv")) {
    const auto now = Clock::now();
    if (now < begin) {
      first = now;
    } else if (now <= end) {
      received.byte_count += static_cast<std::uint64_t>(length);
      received.duration = now - first;
    }
  }
  return received;
}

/// Collective.
Received measure(World world, const Options& options) {
  const Streams streams = connect_ring(world);
  MPI_Barrier(MPI_COMM_WORLD);
  const bool timed = options.byte_count == 0;
  const auto start = Clock::now();
  const auto after = [&](Seconds time) {
    return start + std::chrono::duration_cast<Clock::duration>(time);
  };
  const auto begin = timed ? after(warm_up) : start;
  const auto end = timed ? after(warm_up + Seconds(options.seconds)) : Clock::time_point::max();
  const auto limit = timed ? std::numeric_limits<std::uint64_t>::max() : options.byte_count;
  std::thread sender([&] { send_stream(streams.to_next.get(), limit, end); });
  const Received received = receive_stream(streams.from_previous.get(), begin, end);
  sender.join();
  return received;
}

/// Collective. `bytes_per_second` is the slowest stream's.
void report(World world, const Received& received) {
  const double speed = static_cast<double>(received.byte_count) / received.duration.count();
  double slowest = 0;
  double fastest = 0;
  MPI_Reduce(&speed, &slowest, 1, MPI_DOUBLE, MPI_MIN, 0, MPI_COMM_WORLD);
  MPI_Reduce(&speed, &fastest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (world.rank == 0) {
    fmt::print("{{\"ranks\": {}, \"bytes_per_second\": {:.0f}, \"fastest\": {:.0f}}}\n", world.size,
               slowest, fastest);
  }
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Measures plain TCP from every rank to the next one, all at once");
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--bytes", options.byte_count, "send so many bytes instead");
  CLI11_PARSE(app, argc, argv);
  MPI_Init(&argc, &argv);
  const World world = all_ranks();
  report(world, measure(world, options));
  MPI_Finalize();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcp_probe: %s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, static_cast<int>(rondo::ExitCode::internal));
  }
}
