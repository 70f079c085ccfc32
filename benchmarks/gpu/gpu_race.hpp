// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/device_stream.hpp"

#include "measure/statistics.hpp"

namespace rondo::bench {

struct GpuRaceOptions {
  std::size_t warmup = 5;    ///< calls of each contender
  std::size_t repeats = 51;  ///< timed calls of each
  bool verify = true;        ///< whether results are compared; else `wrong` says nothing of them
};

/// A kernel, or some one after another, whose time is one figure.
struct GpuContender {
  std::string name;
  std::size_t bytes = 0;  ///< that a call reads and writes at the least
  std::function<void(DeviceStream&)> call;
  /// Runs the call once more and counts the elements that are not what the CPU says.
  std::function<std::size_t(DeviceStream&)> verify;
};

/// One line of the table. METRICS.md defines every figure.
struct GpuFigures {
  std::string kernel;
  std::size_t tensors = 0;  ///< 0 where there are none
  std::size_t bytes = 0;
  Summary seconds;
  Summary copy_seconds;
  double copy_ratio = 0;
  std::size_t wrong = 0;
  std::size_t copy_bytes = 0;

  double bytes_per_second() const { return static_cast<double>(bytes) / seconds.median; }
  double copy_bytes_per_second() const {
    return static_cast<double>(copy_bytes) / copy_seconds.median;
  }
};

/// Measures all contenders and a copy from one part of the GPU's memory to another in turn, as
/// METRICS.md tells; each contender is verified before and afterwards, if `options` say so.
/// \throws ConfigError, DeviceError  out of memory, a kernel failed
std::vector<GpuFigures> race_on_gpu(const Device& device, std::span<const GpuContender> contenders,
                                    const GpuRaceOptions& options);

/// The median of each repeat's kernel bandwidth by its copy's, from the seconds of both.
double copy_ratio(std::size_t bytes, std::span<const double> seconds, std::size_t copy_bytes,
                  std::span<const double> copy_seconds);

/// Floats of all sizes that a gradient has, each a function of its place and the seed.
float pattern_value(std::size_t place, std::uint32_t seed);

}  // namespace rondo::bench
