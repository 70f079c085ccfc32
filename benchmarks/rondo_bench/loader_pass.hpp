// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rondo/data/batch_loader.hpp"

namespace rondo::bench {

/// What a trainer does with a batch.
using Consumer = std::function<void(const data::LaneBatch& batch)>;

/// A pass of a loader over batches, as the thread saw it that asked for them.
struct LoaderPass {
  std::size_t batches = 0;
  std::size_t samples = 0;
  double seconds = 0;
  double wait_seconds = 0;        ///< of these, waiting for batches
  double start_wait_seconds = 0;  ///< of these, for the first step's, before which windows are read

  double wait_fraction() const { return wait_seconds / seconds; }
};

/// Takes `batches` of them and gives each to `consume`.
LoaderPass run_pass(data::BatchLoader& loader, std::size_t batches, const Consumer& consume);

/// As a device would that computes for so long: the thread sleeps.
Consumer emulated_compute(double seconds_per_sample);

/// Forward and backward passes of a model (nn::model_names()) on images of that data set.
Consumer real_compute(const std::string& model, const data::DatasetInfo& info,
                      std::size_t micro_batch);

/// Checks that one epoch's samples are those of write_pictures(), each once: undoes the
/// normalisation, which finds the u8 values again, and compares labels.
class PictureCheck {
 public:
  /// Both are copied. Pictures of u8.
  PictureCheck(const data::DatasetInfo& info, data::LaneSampler sampler);

  void add(const data::LaneBatch& batch);
  /// 0 if all was right: wrong labels, and one more if the sum of the hashes is not `expected`.
  std::uint64_t wrong(std::uint64_t expected) const { return wrong_ + (hash_ == expected ? 0 : 1); }

 private:
  data::DatasetInfo info_;
  data::LaneSampler sampler_;
  std::vector<std::uint8_t> picture_;
  std::uint64_t hash_ = 0;
  std::uint64_t wrong_ = 0;
};

/// Checks that one epoch's batches have the bits that Dataset::read finds through HDF5.
class DatasetCheck {
 public:
  /// `dataset` must outlive it.
  DatasetCheck(data::Dataset& dataset, data::LaneSampler sampler)
      : dataset_(dataset), sampler_(sampler) {}

  void add(const data::LaneBatch& batch);
  /// Batches that differ, and one more if they were not all samples.
  std::uint64_t wrong() const { return wrong_ + (samples_ == sampler_.sample_count() ? 0 : 1); }

 private:
  data::Dataset& dataset_;
  data::LaneSampler sampler_;
  std::vector<float> images_;
  std::vector<std::int32_t> labels_;
  std::size_t samples_ = 0;
  std::uint64_t wrong_ = 0;
};

/// Most that was resident since reset_peak(), and what is now.
struct ResidentBytes {
  std::size_t now = 0;
  std::size_t peak = 0;
};
ResidentBytes resident_bytes();
/// Gives free memory back; the peak counts from here on. False if the kernel does not allow that.
bool reset_peak();

}  // namespace rondo::bench
