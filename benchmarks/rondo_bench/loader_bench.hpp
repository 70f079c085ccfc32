// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rondo_bench/loader_pass.hpp"

namespace rondo::bench {

/// A data set and what it must hold.
struct DataFile {
  std::filesystem::path path;
  std::string split = "train";
  /// What write_pictures() returned; without it the oracle is Dataset::read, through HDF5.
  std::optional<std::uint64_t> pictures_hash = {};
};

struct LoaderOptions {
  std::size_t lanes = 2;
  std::size_t micro_batch = 32;
  std::optional<std::size_t> window = {};  ///< chunks; none: automatic_window()
  std::size_t threads = 2;
  std::size_t depth = 4;
  data::Augmentation augmentation = {};  ///< of all passes but the checked one
  double seconds_per_sample = 0.0005;    ///< of the emulated device
  std::string model = "mlp";             ///< of the real passes; "none": without
  std::size_t model_samples = 1024;      ///< of a real pass, at most
};

/// One rank's loader over whole epochs.
struct LoaderFigures {
  std::uint64_t wrong = 0;  ///< of the checked epoch
  LoaderPass alone;         ///< nobody computes
  LoaderPass warm, cold;    ///< beside the emulated device
  double cached_cold = 0;   ///< fraction of the file in the page cache when the cold one began
  std::optional<LoaderPass> real;
  double queue_depth = 0;         ///< batches ready at next(), over the emulated passes
  double bytes_ratio = 0;         ///< bytes read / bytes of the data set, of the checked epoch
  std::size_t planned_bytes = 0;  ///< windows, what is read ahead, and batches
  ResidentBytes before = {};      ///< of the process, before the loader
  ResidentBytes after = {};       ///< peak: of all passes but the real one
  bool has_peak = false;          ///< the kernel counts the peak from `before` on
};

LoaderFigures measure_loader(const DataFile& file, const LoaderOptions& options);

/// Bytes that the loaders of all ranks read in an epoch / bytes of the data set.
struct RankReads {
  int ranks = 0;
  std::size_t lanes = 0;
  double ratio = 0;
  std::uint64_t wrong = 0;
};

/// For each number of ranks up to `most_ranks`: one loader a rank, one after another.
std::vector<RankReads> measure_rank_reads(const DataFile& file, std::size_t lanes, int most_ranks);

}  // namespace rondo::bench
