// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/machine.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>

namespace rondo::bench {
namespace {

constexpr std::size_t cache_multiple = 4;
constexpr std::size_t usual_cache_bytes = std::size_t{32} << 20;

/// Reads "32768K", as sysfs spells it; 0 if there is no such file.
std::size_t read_kibibytes(const std::filesystem::path& file) {
  std::size_t kibibytes = 0;
  std::ifstream(file) >> kibibytes;
  return kibibytes * 1024;
}

}  // namespace

std::size_t last_level_cache_bytes() {
  // sysconf(_SC_LEVEL3_CACHE_SIZE) is no help: on some machines it counts all caches of a package.
  std::size_t largest = 0;
  for (int index = 0; index < 5; ++index)
    largest = std::max(largest, read_kibibytes("/sys/devices/system/cpu/cpu0/cache/index" +
                                               std::to_string(index) + "/size"));
  return largest > 0 ? largest : usual_cache_bytes;
}

std::size_t rotation_bytes(comm::Communicator& comm, bool hot) {
  if (hot) return 0;
  const auto ranks = static_cast<std::size_t>(comm.place().node_size);
  auto bytes = static_cast<std::int64_t>(cache_multiple * last_level_cache_bytes() / ranks);
  comm::allreduce(comm, std::span(&bytes, 1), comm::ReduceOp::max);
  return static_cast<std::size_t>(bytes);
}

}  // namespace rondo::bench
