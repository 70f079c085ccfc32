// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string_view>

#include "rondo/telemetry/append_file.hpp"

namespace rondo::telemetry {

/// A value of one step. TensorBoard draws a curve for each tag, grouped by what precedes the slash:
/// `train/loss`.
struct Scalar {
  std::string_view tag;
  double value = 0;
};

/// A file that TensorBoard reads: scalars by step and wall time.
///
///     EventFile events("runs/first/tensorboard", first_step + 1);
///     events.write(step, {{"train/loss", 0.31}, {"train/learning_rate", 0.1}});
///
/// Every life of a run has a file of its own. Readers take a directory's files in the order of
/// their names, so its name is behind those of all others there, whatever the clock says; and it
/// begins with the step from which on earlier files are void. Every event is an entry of an
/// AppendFile: a killed run leaves a valid file, and one that fails later (disk full) warns once
/// and drops events. A default-constructed one writes nothing. Not thread-safe.
class EventFile {
 public:
  using Time = std::chrono::system_clock::time_point;

  EventFile() = default;
  /// Makes `directory` if need be. Values of `first_step` and later ones in earlier files are void.
  /// \throws IoError  cannot_create, or io where the device is full
  EventFile(const std::filesystem::path& directory, std::uint64_t first_step,
            Time now = std::chrono::system_clock::now());

  void write(std::uint64_t step, std::initializer_list<Scalar> scalars,
             Time now = std::chrono::system_clock::now());

  /// Waits until the events so far are on the device, so that they outlive the machine too.
  void sync() { file_.sync(); }

  const std::filesystem::path& path() const noexcept { return file_.path(); }

 private:
  AppendFile file_;
};

}  // namespace rondo::telemetry
