// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "measure/statistics.hpp"

namespace rondo::bench {

/// Ways to read the chunks of a data set's images.
enum class ChunkWay : std::uint8_t {
  direct,  ///< io::ChunkFile: pread, checksum, decompression
  raw,     ///< pread of the same bytes, and nothing else
  library  ///< H5Dread, which is one thread's at a time
};

struct ChunkRaceOptions {
  struct Contender {
    ChunkWay way = ChunkWay::direct;
    std::size_t threads = 1;
  };
  std::vector<Contender> contenders;  ///< the first one is what the others are compared with
  std::size_t bytes = 0;              ///< decoded, at most, of a repeat
  std::size_t repeats = 7;
  bool cold = false;  ///< the page cache forgets the file before each of them
};

struct ChunkRaceFigures {
  struct Lap {
    Summary seconds = {};
    double ratio = 0;      ///< median over the repeats of its time by the first contender's
    double cpu_ratio = 0;  ///< the same of the time that its threads had a core
  };
  std::vector<Lap> laps = {};  ///< of the contenders
  std::size_t bytes = 0;       ///< decoded, of a repeat
  double cached = 0;           ///< mean fraction of the file in the page cache before a lap
};

/// Lets all contenders read the same chunks in the same shuffled order, in turns that begin with
/// another one each repeat, into memory that was used before.
ChunkRaceFigures race_chunks(const std::filesystem::path& file, const ChunkRaceOptions& options);

/// The sum of all samples' picture_hash as that way reads them.
std::uint64_t hash_by_chunks(const std::filesystem::path& file, ChunkWay way);

}  // namespace rondo::bench
