// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/writers.hpp"

namespace rondo::checkpoint {

/// Saves checkpoints from a thread of its own, one at a time, while the caller goes on.
///
/// The caller waits for a copy of the tensors only. The memory of the copy is kept for the next
/// one. Local; start() and wait() belong to one thread. HDF5 may be used meanwhile: its calls take
/// turns (lib/io).
class BackgroundSaver {
 public:
  BackgroundSaver() = default;
  BackgroundSaver(const BackgroundSaver&) = delete;
  BackgroundSaver& operator=(const BackgroundSaver&) = delete;
  /// Waits. A failure that nobody asked for is logged.
  ~BackgroundSaver();

  /// Makes memory for copies of so many elements, for which start() need not make any then.
  /// Waits for a save that is under way. \throws as start()
  void reserve(std::size_t elements);

  /// Copies the tensors and starts a save() of the copy. Waits for the save before first.
  /// \throws what the save before failed with, std::bad_alloc: then nothing is started
  void start(const std::filesystem::path& directory, std::uint64_t step,
             std::span<const Tensor> tensors, const Metadata& metadata,
             const Retention& retention = {});

  /// The same for one of several writers: copies its pieces and starts its part of the save, see
  /// writers.hpp. wait() returns when that has ended.
  void start(const Writer& writer, const std::filesystem::path& directory, std::uint64_t step,
             std::span<const TensorSpec> tensors, std::span<const Piece> pieces,
             const Metadata& metadata, const Retention& retention = {});

  /// Returns when no save is under way. \throws what the last one failed with, once
  void wait();

  /// What the copy has in memory now.
  std::size_t resident_bytes() const;

  /// Processor time of the last save that was waited for; none before.
  std::optional<double> processor_seconds() const noexcept { return last_.processor_seconds; }
  /// How long it took from its start to the disk.
  std::optional<double> seconds() const noexcept { return last_.seconds; }

 private:
  struct Times {
    std::optional<double> seconds, processor_seconds;
  };

  std::vector<Piece> copy_of(std::span<const Piece> pieces);

  AlignedBuffer<float> copy_;
  // The thread writes these; they are read when it has ended.
  std::exception_ptr failure_;
  Times taken_;
  std::thread thread_;
  Times last_;  ///< of the save that was waited for last
};

}  // namespace rondo::checkpoint
