// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/collective_file.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"
#include "rondo/data/stored_images.hpp"

namespace rondo::data {

/// The samples of a field that is neither image nor label, as stored.
struct LaneField {
  FieldInfo info;
  AlignedBuffer<std::byte> samples;  ///< (micro_batch, info.sample_shape...) of info.dtype
};

/// One lane's micro-batch; count may be below the sampler's micro_batch, and 0.
struct LaneBatch {
  std::size_t epoch = 0, step = 0, lane = 0;
  std::size_t position = 0;  ///< of the first sample in the lane's sequence
  std::size_t count = 0;
  AlignedBuffer<float> images;         ///< (micro_batch, C, H, W), the first count valid
  StoredImages stored;                 ///< in place of `images` with ImageForm::stored
  AlignedBuffer<std::int32_t> labels;  ///< (micro_batch)
  std::vector<LaneField> others;       ///< those of Options::fields, in that order

  /// The samples of another field. \throws UsageError  not asked for, or of another type
  template <Element T>
  std::span<const T> samples(std::string_view field) const {
    const LaneField& found = other(field);
    require(found.info.dtype == dtype_of<T>, "LaneBatch: the field has another element type");
    return {reinterpret_cast<const T*>(found.samples.data()), count * found.info.sample_elements()};
  }
  const LaneField& other(std::string_view field) const;
};

/// Random changes of training images, drawn by (seed, epoch, global sample).
struct Augmentation {
  /// Take a random part of 8 to 100 % of the area and 3/4 to 4/3 as wide as high (Szegedy et al.
  /// 2015), resized to the batch's images, bilinear; before all other changes.
  bool resized_crop = false;
  bool flip = false;      ///< mirror left-right with probability one half
  std::size_t shift = 0;  ///< move by up to this many pixels each way, zeros (the mean) shifted in
  float noise = 0;        ///< deviation of the normal noise that is added to each normalised value
};

/// How chunks are read; rondo-train-image's --read.
enum class ReadMode : std::uint8_t {
  direct,     ///< pread and own decoding, without HDF5's lock; through HDF5 where a layout needs it
  library,    ///< through HDF5
  collective  ///< by all ranks together, for file systems that want few large requests
};

constexpr std::string_view name_of(ReadMode mode) {
  switch (mode) {
    case ReadMode::direct: return "direct";
    case ReadMode::library: return "library";
    case ReadMode::collective: break;
  }
  return "collective";
}

/// What ReadMode::collective needs. next() is then collective where a step begins: all ranks take
/// all batches of a step before any rank begins the next one, and read what a step is the first to
/// need at its beginning, while they wait. A rank that cannot read ends next() on all of them, with
/// the same AgreedError; a checksum that is wrong is found by its rank alone.
struct CollectiveReading {
  CollectiveFile* file = nullptr;  ///< the data set's; must outlive the loader
  /// The first lane of each rank, and the number of lanes: the same on all ranks.
  std::vector<std::size_t> first_lanes = {};
};

/// A local disk for copies of the chunks: made when they are first read, used by all processes of
/// the machine from then on and by later jobs, each checked whenever it is read. Copies that nobody
/// uses make room for others, those used longest ago first.
///
/// Of fields that are read directly. A copy is of the file as it was then: path, inode, size, time
/// and index of chunks tell. Where copying fails, reading goes on without.
struct StageOptions {
  std::filesystem::path directory;
  std::uint64_t budget_bytes = 0;  ///< of all copies in the directory
};

/// What a loader has done so far.
struct LoaderStatistics {
  std::uint64_t batches = 0;      ///< asked for
  double wait_seconds = 0;        ///< that next() has waited for them
  double queue_depth = 0;         ///< batches that were ready when next() was called, on average
  std::size_t chunk_bytes = 0;    ///< memory of the decoded chunks: windows and what is read ahead
  std::size_t batch_bytes = 0;    ///< memory of the batches
  std::size_t scratch_bytes = 0;  ///< memory in which chunks are decoded
  /// What the first two may come to, known from the beginning: windows, chunks ahead and queue.
  std::size_t planned_bytes = 0;

  std::size_t held_bytes() const noexcept { return chunk_bytes + batch_bytes + scratch_bytes; }
};

/// What was read for an epoch.
struct EpochReads {
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;          ///< from the file, as stored there
  std::uint64_t staged_chunks = 0;  ///< of `chunks`, those that were all read from local copies
  std::uint64_t staged_bytes = 0;   ///< from these
};

/// Loads chunks and fills batches for a rank's lanes ahead of the trainer, on a pool of threads.
///
/// Yields, from (epoch, step) on, for each step the lanes [first_lane, last_lane) in order; epochs
/// follow each other without end. At most `depth + kept - 1` batches are held, and
/// chunks for the window of each lane and `chunks_ahead` more, each read once while any lane needs
/// it. Values do not depend on the number of threads. An error is thrown by the next() whose batch
/// it concerns, and from then on. The destructor stops the threads and joins them. One thread calls
/// next().
class BatchLoader {
 public:
  struct Options {
    std::size_t first_lane = 0, last_lane = 1;
    std::size_t epoch = 0, step = 0;  ///< where to start
    std::size_t depth = 4;            ///< batches that are under way to the caller, or its own
    std::size_t kept = 1;             ///< batches that stay valid: the last ones of next()
    std::size_t threads = 2;
    /// Chunks that may be held for later groups; by default as many as the lanes' windows have, and
    /// none with ReadMode::collective, which has chunks of the next groups as they are stored.
    std::optional<std::size_t> chunks_ahead = {};
    /// Fields of the data set that batches have besides image and label.
    std::vector<std::string> fields = {};
    ReadMode read_mode = ReadMode::direct;
    std::optional<StageOptions> stage = {};            ///< with ReadMode::direct
    std::optional<CollectiveReading> collective = {};  ///< with ReadMode::collective
    /// Height and width of the batches' images: what resized_crop takes, or else the square in the
    /// middle whose side is 7/8 of the shorter side, resized. None: as stored.
    std::optional<std::size_t> image_size = {};
    std::uint64_t seed = 0;  ///< of the augmentation
    Augmentation augmentation = {};
    ImageForm image_form = ImageForm::decoded;
  };

  /// `dataset` is shared with the caller's other users and must outlive the loader.
  /// \throws UsageError  lanes, step, depth, kept or threads out of range, or more samples than in
  /// `dataset`
  /// \throws IoError  cannot_create: a stage's directory is no good
  BatchLoader(Dataset& dataset, LaneSampler sampler, Options options);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next batch, waiting for it if need be; valid until the Options::kept-th call from now.
  const LaneBatch& next();

  /// Whether next() would return at once: with a batch, without an error, and on this rank alone.
  bool is_ready() const;

  /// Of the sampler: as many calls of next() a lane are an epoch.
  std::size_t steps_per_epoch() const noexcept;
  LoaderStatistics statistics() const;
  /// Why ReadMode::direct reads some field through HDF5, as a clause; empty where it does not.
  const std::string& obstacle() const noexcept;
  /// Of the chunks that were first needed in `epoch`.
  EpochReads reads(std::size_t epoch) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::data
