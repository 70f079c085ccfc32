// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>

namespace rondo {

/// One file that all ranks of a job read together, so that its file system gets few large requests
/// from few ranks. comm::open_collective_file() makes one.
///
/// Every function but size() is collective: all ranks call the same ones in the same order,
/// whatever happened to one of them. Not thread-safe.
class CollectiveFile {
 public:
  static constexpr std::size_t most_bytes = std::numeric_limits<std::int32_t>::max();

  virtual ~CollectiveFile() = default;

  /// Reads `bytes`, which may be none and are at most `most_bytes`, from `offset` on; each rank
  /// what it wants. Behind the end of the file they are anything: who wants to know asks size()
  /// afterwards. \throws IoError  io: this rank could not read; it takes part in what follows all
  /// the same
  virtual void read(std::uint64_t offset, std::span<std::byte> bytes) = 0;

  /// Bytes that the file has now. Local.
  virtual std::uint64_t size() = 0;

  /// Runs `local`, which does not communicate, on every rank. If it threw on any, all ranks throw
  /// the same AgreedError.
  virtual void agree_on_success(const std::function<void()>& local) = 0;
};

}  // namespace rondo
