// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/chunk_race.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/telemetry/counters.hpp"

#include "io/chunk_file.hpp"
#include "io/chunk_map.hpp"
#include "rondo_bench/page_cache.hpp"
#include "rondo_bench/pictures.hpp"

namespace rondo::bench {
namespace {

/// All ways to the chunks of one dataset.
class Chunks {
 public:
  explicit Chunks(const std::filesystem::path& file)
      : path_(file),
        dataset_(io::Hdf5File::open(file).dataset("train/image")),
        map_(io::ChunkMap::of(dataset_)),
        file_(map_),
        descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!descriptor_) throw_system_error("cannot read");
  }

  const io::ChunkMap& map() const noexcept { return map_; }
  std::size_t buffer_bytes() const {
    std::size_t bytes = map_.decoded_bytes(0);
    for (std::size_t chunk = 0; chunk < map_.chunk_count(); ++chunk)
      bytes = std::max<std::size_t>(bytes, map_.place(chunk).stored_bytes);
    return bytes;
  }

  void read(ChunkWay way, std::size_t chunk, std::span<std::byte> buffer,
            io::ChunkScratch& scratch) const {
    const auto rows = buffer.first(map_.rows_in(chunk) * map_.row_bytes());
    switch (way) {
      case ChunkWay::direct: return file_.read(map_, chunk, rows, scratch);
      case ChunkWay::raw: return read_raw(map_.place(chunk), buffer);
      case ChunkWay::library:
        return dataset_.read_row_bytes(map_.first_row(chunk), map_.rows_in(chunk), rows);
    }
  }

 private:
  void read_raw(const io::ChunkPlace& place, std::span<std::byte> buffer) const {
    std::size_t done = 0;
    while (done < place.stored_bytes) {
      const ssize_t count =
          ::pread(descriptor_.get(), buffer.data() + done, place.stored_bytes - done,
                  static_cast<off_t>(place.offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw_system_error("cannot be read");
      done += static_cast<std::size_t>(count);
    }
  }

  [[noreturn]] void throw_system_error(const char* what) const {
    throw IoError(ExitCode::io, fmt::format("{}: {}: {}", path_.string(), what,
                                            std::generic_category().message(errno)));
  }

  std::filesystem::path path_;
  io::Hdf5Dataset dataset_;
  io::ChunkMap map_;
  io::ChunkFile file_;
  FileDescriptor descriptor_;
};

/// Threads that read a list of chunks together, each into memory of its own.
class Readers {
 public:
  Readers(const Chunks& chunks, std::size_t most_threads) : chunks_(chunks) {
    for (std::size_t i = 0; i < most_threads; ++i)
      buffers_.emplace_back(chunks.buffer_bytes());
    scratch_.resize(most_threads);
  }

  struct Lap {
    double seconds = 0;
    double cpu_seconds = 0;  ///< of all threads
  };
  Lap run(const ChunkRaceOptions::Contender& contender, std::span<const std::size_t> order) {
    const telemetry::Stopwatch stopwatch;
    const std::clock_t cpu = std::clock();
    std::atomic<std::size_t> next = 0;
    const auto work = [&](std::size_t thread) {
      for (std::size_t i = next++; i < order.size(); i = next++)
        chunks_.read(contender.way, order[i], buffers_[thread].span(), scratch_[thread]);
    };
    std::vector<std::thread> others;
    for (std::size_t thread = 1; thread < contender.threads; ++thread)
      others.emplace_back(work, thread);
    work(0);
    for (std::thread& other : others)
      other.join();
    return {stopwatch.seconds(), static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
  }

 private:
  const Chunks& chunks_;
  std::vector<AlignedBuffer<std::byte>> buffers_;
  std::vector<io::ChunkScratch> scratch_;
};

/// So many chunks in an order of this repeat's own.
std::vector<std::size_t> shuffled(std::size_t chunks, std::size_t count, std::size_t repeat) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i)
    order[i] = permuted(1, static_cast<std::uint32_t>(repeat), chunks, i);
  return order;
}

std::size_t most_threads(const ChunkRaceOptions& options) {
  std::size_t threads = 1;
  for (const auto& contender : options.contenders)
    threads = std::max(threads, contender.threads);
  return threads;
}

}  // namespace

ChunkRaceFigures race_chunks(const std::filesystem::path& file, const ChunkRaceOptions& options) {
  const Chunks chunks(file);
  Readers readers(chunks, most_threads(options));
  const std::size_t contenders = options.contenders.size();
  const std::size_t chunk_bytes = chunks.map().decoded_bytes(0);
  const std::size_t count =
      std::clamp<std::size_t>(options.bytes / chunk_bytes, 1, chunks.map().chunk_count());
  ChunkRaceFigures figures{.bytes = count * chunk_bytes};

  std::vector<std::vector<double>> seconds(contenders), cpu_seconds(contenders);
  for (std::size_t repeat = 0; repeat <= options.repeats; ++repeat) {  // the first one warms up
    const auto order = shuffled(chunks.map().chunk_count(), count, options.cold ? repeat : 0);
    for (std::size_t turn = 0; turn < contenders; ++turn) {
      const std::size_t i = (repeat + turn) % contenders;
      if (options.cold) evict(file);
      const double cached = cached_fraction(file);
      const Readers::Lap lap = readers.run(options.contenders[i], order);
      if (repeat == 0) continue;
      seconds[i].push_back(lap.seconds);
      cpu_seconds[i].push_back(lap.cpu_seconds);
      figures.cached += cached / static_cast<double>(contenders * options.repeats);
    }
  }
  for (std::size_t i = 0; i < contenders; ++i)
    figures.laps.push_back({summarize(seconds[i]), median_ratio(seconds[i], seconds.front()),
                            median_ratio(cpu_seconds[i], cpu_seconds.front())});
  return figures;
}

std::uint64_t hash_by_chunks(const std::filesystem::path& file, ChunkWay way) {
  const Chunks chunks(file);
  const io::ChunkMap& map = chunks.map();
  AlignedBuffer<std::byte> buffer(chunks.buffer_bytes());
  io::ChunkScratch scratch;
  std::uint64_t hash = 0;
  for (std::size_t chunk = 0; chunk < map.chunk_count(); ++chunk) {
    chunks.read(way, chunk, buffer.span(), scratch);
    for (std::size_t row = 0; row < map.rows_in(chunk); ++row)
      hash += picture_hash(map.first_row(chunk) + row,
                           buffer.span().subspan(row * map.row_bytes(), map.row_bytes()));
  }
  return hash;
}

}  // namespace rondo::bench
