// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/reading.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rondo/comm/lane_tree.hpp"

namespace rondo::apps {
namespace {

/// The places of the summands.
enum Sum : std::size_t {
  ranks,
  chunks,
  staged_chunks,
  bytes,
  staged_bytes,
  waited,
  stepped,
  batches,
  ready_batches
};

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double ready(const data::LoaderStatistics& loader) {
  return loader.queue_depth * static_cast<double>(loader.batches);
}

std::string mebibytes(std::size_t count) {
  return fmt::format("{:.1f}", static_cast<double>(count) / (1 << 20));
}

}  // namespace

std::string reading_text(const EpochReading& reading) {
  const std::string staged = reading.staged_ratio > 0
                                 ? fmt::format(" and {:.2f} of it staged", reading.staged_ratio)
                                 : std::string();
  return fmt::format("read {:.2f} of the data set{}, waited {:.1f} % of the time", reading.ratio,
                     staged, 100 * reading.wait_share);
}

void ReadingMeter::end_epoch(const data::BatchLoader& loader, std::size_t epoch,
                             std::span<double, sum_count> sums) {
  const data::LoaderStatistics now = loader.statistics();
  const data::EpochReads reads = loader.reads(epoch);
  sums[Sum::ranks] = 1;
  sums[Sum::chunks] = static_cast<double>(reads.chunks - reads.staged_chunks);
  sums[Sum::staged_chunks] = static_cast<double>(reads.staged_chunks);
  sums[Sum::bytes] = static_cast<double>(reads.bytes);
  sums[Sum::staged_bytes] = static_cast<double>(reads.staged_bytes);
  sums[Sum::waited] = now.wait_seconds - before_.wait_seconds;
  sums[Sum::stepped] = step_seconds_;
  sums[Sum::batches] = static_cast<double>(now.batches - before_.batches);
  sums[Sum::ready_batches] = ready(now) - ready(before_);
  before_ = now;
  step_seconds_ = 0;
}

EpochReading ReadingMeter::reading(std::span<const double, sum_count> sums,
                                   std::uint64_t data_bytes) {
  const auto whole = static_cast<double>(data_bytes);
  const auto count = [&sums](Sum sum) { return static_cast<std::uint64_t>(sums[sum]); };
  return {.chunks = count(Sum::chunks),
          .staged_chunks = count(Sum::staged_chunks),
          .bytes = count(Sum::bytes),
          .staged_bytes = count(Sum::staged_bytes),
          .ratio = ratio(sums[Sum::bytes], whole),
          .staged_ratio = ratio(sums[Sum::staged_bytes], whole),
          .wait_seconds = ratio(sums[Sum::waited], sums[Sum::ranks]),
          .wait_share = ratio(sums[Sum::waited], sums[Sum::stepped]),
          .queue_depth = ratio(sums[Sum::ready_batches], sums[Sum::batches])};
}

data::CollectiveReading reading_together(CollectiveFile& file, std::size_t lanes, int ranks) {
  data::CollectiveReading reading{.file = &file};
  for (int rank = 0; rank < ranks; ++rank)
    reading.first_lanes.push_back(comm::lane_range(rank, ranks, lanes).begin);
  reading.first_lanes.push_back(lanes);
  return reading;
}

std::unique_ptr<data::BatchLoader> make_test_loader(data::Dataset& test,
                                                    const TrainOptions& options, int rank,
                                                    int ranks) {
  const data::DatasetInfo& info = test.info();
  const auto lane = static_cast<std::size_t>(rank);
  const data::LaneSampler order({.samples = info.samples,
                                 .chunk_samples = info.chunk_samples,
                                 .lanes = static_cast<std::size_t>(ranks),
                                 .micro_batch = options.batch,
                                 .window = options.loader_threads,
                                 .order = data::SampleOrder::stored});
  const std::size_t kept =
      data::automatic_window(info.chunk_samples * find_field(info.fields, "image").sample_bytes());
  return std::make_unique<data::BatchLoader>(
      test, order,
      data::BatchLoader::Options{.first_lane = lane,
                                 .last_lane = lane + 1,
                                 .threads = options.loader_threads,
                                 .chunks_ahead = std::max(kept, options.loader_threads),
                                 .read_mode = options.read == data::ReadMode::library
                                                  ? data::ReadMode::library
                                                  : data::ReadMode::direct,
                                 .image_size = options.image_size,
                                 .image_form = options.image_form()});
}

data::LoaderStatistics with_memory_of(data::LoaderStatistics loader,
                                      const data::LoaderStatistics& other) {
  loader.chunk_bytes += other.chunk_bytes;
  loader.batch_bytes += other.batch_bytes;
  loader.scratch_bytes += other.scratch_bytes;
  loader.planned_bytes += other.planned_bytes;
  return loader;
}

std::string loader_memory_text(const data::LoaderStatistics& loader) {
  return fmt::format("{} MiB of {} planned for windows and queue, and {} to decode in",
                     mebibytes(loader.chunk_bytes + loader.batch_bytes),
                     mebibytes(loader.planned_bytes), mebibytes(loader.scratch_bytes));
}

}  // namespace rondo::apps
