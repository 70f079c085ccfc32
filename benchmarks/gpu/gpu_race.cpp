// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/gpu_race.hpp"

#include <utility>

#include "rondo/base/device_memory.hpp"

namespace rondo::bench {
namespace {

/// Read and written: 1 GiB, many times the L2 cache of any GPU.
constexpr std::size_t copy_half = std::size_t{512} << 20;

class Copy {
 public:
  explicit Copy(const Device& device)
      : from_(device, copy_half, "source of the copy"), to_(device, copy_half, "its target") {}

  void run(DeviceStream& stream) {
    copy<std::byte>(stream, std::as_const(from_).span(), to_.span());
  }

 private:
  DeviceMemory<std::byte> from_;
  DeviceMemory<std::byte> to_;
};

/// Points in the stream, one before and one behind each call.
class Laps {
 public:
  Laps(const Device& device, std::size_t count) {
    for (std::size_t i = 0; i < 2 * count; ++i)
      events_.emplace_back(device, EventTime::noted);
  }

  template <class Call>
  void time(DeviceStream& stream, Call call) {
    events_[next_++].record(stream);
    call();
    events_[next_++].record(stream);
  }

  double seconds(std::size_t lap) const {
    return static_cast<double>(events_[2 * lap + 1].seconds_since(events_[2 * lap]));
  }

 private:
  std::vector<DeviceEvent> events_;
  std::size_t next_ = 0;
};

/// By contender, the copy last.
std::vector<std::vector<double>> run_laps(const Device& device, DeviceStream& stream, Copy& copy,
                                          std::span<const GpuContender> contenders,
                                          std::size_t repeats) {
  const std::size_t all = contenders.size() + 1;
  Laps laps(device, repeats * all);
  for (std::size_t r = 0; r < repeats; ++r) {
    for (const GpuContender& contender : contenders)
      laps.time(stream, [&] { contender.call(stream); });
    laps.time(stream, [&] { copy.run(stream); });
  }
  stream.wait();
  std::vector<std::vector<double>> seconds(all);
  for (std::size_t lap = 0; lap < repeats * all; ++lap)
    seconds[lap % all].push_back(laps.seconds(lap));
  return seconds;
}

}  // namespace

double copy_ratio(std::size_t bytes, std::span<const double> seconds, std::size_t copy_bytes,
                  std::span<const double> copy_seconds) {
  return median_ratio(copy_seconds, seconds) * static_cast<double>(bytes) /
         static_cast<double>(copy_bytes);
}

float pattern_value(std::size_t place, std::uint32_t seed) {
  auto bits = static_cast<std::uint32_t>(place) * 2654435761U + seed * 40503U;
  bits ^= bits >> 15U;
  bits *= 2246822519U;
  bits ^= bits >> 13U;
  return static_cast<float>(static_cast<std::int32_t>(bits)) * 0x1p-31F;
}

std::vector<GpuFigures> race_on_gpu(const Device& device, std::span<const GpuContender> contenders,
                                    const GpuRaceOptions& options) {
  DeviceStream stream(device);
  Copy copy(device);
  std::vector<GpuFigures> figures;
  for (const GpuContender& contender : contenders)
    figures.push_back({.kernel = contender.name,
                       .bytes = contender.bytes,
                       .seconds = {},
                       .copy_seconds = {},
                       .wrong = options.verify ? contender.verify(stream) : 0,
                       .copy_bytes = 2 * copy_half});
  run_laps(device, stream, copy, contenders, options.warmup);
  const auto seconds = run_laps(device, stream, copy, contenders, options.repeats);
  for (std::size_t k = 0; k < contenders.size(); ++k) {
    figures[k].seconds = summarize(seconds[k]);
    figures[k].copy_seconds = summarize(seconds.back());
    figures[k].copy_ratio =
        copy_ratio(figures[k].bytes, seconds[k], figures[k].copy_bytes, seconds.back());
    if (options.verify) figures[k].wrong += contenders[k].verify(stream);
  }
  return figures;
}

}  // namespace rondo::bench
