// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "chunks.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/aligned_buffer.hpp"

#include "io/checksum.hpp"
#include "io/chunk_file.hpp"
#include "io/unshuffle.hpp"

namespace rondo::io {
namespace {

constexpr std::size_t row_bytes = 3072;
constexpr std::size_t rows_per_chunk = 512;
constexpr std::size_t chunk_bytes = row_bytes * rows_per_chunk;
constexpr std::size_t chunk_count = 160;
constexpr std::size_t window_chunks = (std::size_t{64} << 20) / chunk_bytes;

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void run_checksum(benchmark::State& state, std::size_t bytes) {
  const AlignedBuffer<std::byte> buffer(bytes);
  for ([[maybe_unused]] auto _ : state) {
    Fletcher32 checksum;
    checksum.add(buffer.span());
    benchmark::DoNotOptimize(checksum.value());
  }
  count_bytes(state, bytes);
}

void run_unshuffle(benchmark::State& state, std::size_t element_bytes, std::size_t bytes) {
  const AlignedBuffer<std::byte> planes(bytes);
  AlignedBuffer<std::byte> elements(bytes);
  for ([[maybe_unused]] auto _ : state) {
    unshuffle(planes.span(), element_bytes, elements.span());
    benchmark::ClobberMemory();
  }
  count_bytes(state, bytes);
}

/// A data set of smooth images, which deflate halves or so, in a directory that goes at exit.
class File {
 public:
  explicit File(const Hdf5Storage& filters) {
    std::string directory = (std::filesystem::temp_directory_path() / "rondo-chunks-XXXXXX");
    if (::mkdtemp(directory.data()) == nullptr) std::abort();
    path_ = std::filesystem::path(directory) / "images.h5";
    Hdf5Storage storage = filters;
    storage.chunk = {rows_per_chunk, row_bytes};
    Hdf5File file = Hdf5File::create(path_);
    {
      Hdf5Dataset dataset =
          file.create_dataset("x", DType::u8, {rows_per_chunk * chunk_count, row_bytes}, storage);
      std::vector<std::uint8_t> values(chunk_bytes);
      std::mt19937 random(1);
      for (std::size_t i = 0; i < chunk_count; ++i) {
        unsigned level = 0;
        for (std::uint8_t& value : values)
          value = static_cast<std::uint8_t>(level += static_cast<unsigned>(random() % 5));
        dataset.write_rows(i * rows_per_chunk, rows_per_chunk,
                           std::span<const std::uint8_t>(values));
      }
    }
    file.close();
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove_all(path_.parent_path()); }

  Hdf5Dataset open() const { return Hdf5File::open(path_).dataset("x"); }

 private:
  std::filesystem::path path_;
};

/// Made when first asked for, by the first thread.
const File& file_with(const Hdf5Storage& filters) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  static std::map<int, std::unique_ptr<File>> files;
  auto& file = files[filters.deflate_level * 2 + (filters.checksum ? 1 : 0)];
  if (!file) file = std::make_unique<File>(filters);
  return *file;
}

std::vector<std::size_t> shuffled_chunks() {
  std::vector<std::size_t> order(chunk_count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  return order;
}

/// Calls `read(chunk, memory)` for chunk after chunk.
template <class Read>
void read_chunks(benchmark::State& state, Read read) {
  const auto order = shuffled_chunks();
  AlignedBuffer<std::byte> window(window_chunks * chunk_bytes);
  auto i = static_cast<std::size_t>(state.thread_index()) * chunk_count / 2;
  for ([[maybe_unused]] auto _ : state) {
    read(order[i % chunk_count],
         window.span().subspan(i % window_chunks * chunk_bytes, chunk_bytes));
    ++i;
  }
  count_bytes(state, chunk_bytes);
}

void run_pread(benchmark::State& state, const Hdf5Storage& filters) {
  const ChunkMap map = ChunkMap::of(file_with(filters).open());
  const FileDescriptor file(::open(map.path().c_str(), O_RDONLY | O_CLOEXEC));
  read_chunks(state, [&](std::size_t chunk, std::span<std::byte> memory) {
    const ChunkPlace& place = map.place(chunk);
    const auto wanted = std::min<std::size_t>(memory.size(), place.stored_bytes);
    if (::pread(file.get(), memory.data(), wanted, static_cast<off_t>(place.offset)) < 0)
      state.SkipWithError("pread failed");
  });
}

void run_chunk_file(benchmark::State& state, const Hdf5Storage& filters) {
  const ChunkMap map = ChunkMap::of(file_with(filters).open());
  const ChunkFile file(map);
  ChunkScratch scratch;
  read_chunks(state, [&](std::size_t chunk, std::span<std::byte> memory) {
    file.read(map, chunk, memory, scratch);
  });
}

void run_hdf5(benchmark::State& state, const Hdf5Storage& filters) {
  const Hdf5Dataset dataset = file_with(filters).open();
  read_chunks(state, [&](std::size_t chunk, std::span<std::byte> memory) {
    dataset.read_rows(chunk * rows_per_chunk, rows_per_chunk,
                      std::span(reinterpret_cast<std::uint8_t*>(memory.data()), memory.size()));
  });
}

void register_files() {
  struct Case {
    const char* name;
    Hdf5Storage filters;
  };
  for (const Case& c : {Case{"plain", {}}, Case{"checksum", {.chunk = {}, .checksum = true}},
                        Case{"gzip", {.chunk = {}, .checksum = true, .deflate_level = 4}}}) {
    const auto add = [&](const char* reader, auto run, int threads) {
      benchmark::RegisterBenchmark(fmt::format("read_chunks/{}/{}", c.name, reader).c_str(), run,
                                   c.filters)
          ->Threads(threads)
          ->UseRealTime();
    };
    add("pread", run_pread, 1);
    add("pread", run_pread, 2);
    add("chunk_file", run_chunk_file, 1);
    add("chunk_file", run_chunk_file, 2);
    add("hdf5", run_hdf5, 1);
  }
}

}  // namespace

void register_chunks() {
  for (const std::size_t bytes : {16U << 10, 256U << 10, 16U << 20}) {
    benchmark::RegisterBenchmark(fmt::format("fletcher32/{}KiB", bytes >> 10).c_str(), run_checksum,
                                 bytes);
    for (const std::size_t element_bytes : {2U, 4U, 8U})
      benchmark::RegisterBenchmark(
          fmt::format("unshuffle/{}bytes/{}KiB", element_bytes, bytes >> 10).c_str(), run_unshuffle,
          element_bytes, bytes);
  }
  register_files();
}

}  // namespace rondo::io
