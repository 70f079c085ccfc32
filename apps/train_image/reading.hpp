// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rondo/data/batch_loader.hpp"
#include "rondo/data/dataset.hpp"

#include "train_image/options.hpp"

namespace rondo::apps {

/// How the training data of an epoch came in, all ranks together.
struct EpochReading {
  std::uint64_t chunks = 0;         ///< read from the file
  std::uint64_t staged_chunks = 0;  ///< read from local copies alone
  std::uint64_t bytes = 0;          ///< from the file, as stored there
  std::uint64_t staged_bytes = 0;   ///< from local copies
  double ratio = 0;                 ///< bytes / bytes of the split
  double staged_ratio = 0;          ///< likewise
  double wait_seconds = 0;          ///< that a rank waited for batches, on average
  double wait_share = 0;            ///< of the time of its steps
  double queue_depth = 0;           ///< batches that were ready when one was wanted, on average
};

/// "read 1.00 of the data set, waited 0.2 % of the time"
std::string reading_text(const EpochReading& reading);

/// Takes down what a loader does, epoch by epoch. Local: the caller adds up the ranks.
class ReadingMeter {
 public:
  static constexpr std::size_t sum_count = 9;

  /// Time of steps, in which the trainer may have waited.
  void add_step(double seconds) noexcept { step_seconds_ += seconds; }

  /// Writes this rank's summands for `epoch`, which ends now, and begins the next one.
  void end_epoch(const data::BatchLoader& loader, std::size_t epoch,
                 std::span<double, sum_count> sums);

  /// What the ranks' summands, added up, say of a split of `data_bytes` as stored.
  static EpochReading reading(std::span<const double, sum_count> sums, std::uint64_t data_bytes);

 private:
  double step_seconds_ = 0;
  data::LoaderStatistics before_;  ///< at the epoch's beginning
};

/// How all ranks read the lanes' data together from `file`.
data::CollectiveReading reading_together(CollectiveFile& file, std::size_t lanes, int ranks);

/// The share of the test split that is `rank`'s among `ranks`, in the file's order, pass after
/// pass: each sample once, in lane `rank`. Up to 64 MiB of chunks stay in memory; a share that is
/// larger is read anew each time.
std::unique_ptr<data::BatchLoader> make_test_loader(data::Dataset& test,
                                                    const TrainOptions& options, int rank,
                                                    int ranks);

/// `loader` with the memory of another one added.
data::LoaderStatistics with_memory_of(data::LoaderStatistics loader,
                                      const data::LoaderStatistics& other);

/// The memory that a loader plans and has, for people.
std::string loader_memory_text(const data::LoaderStatistics& loader);

}  // namespace rondo::apps
