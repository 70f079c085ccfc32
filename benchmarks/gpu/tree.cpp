// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rondo/comm/device_lane_tree.hpp"
#include "rondo/comm/lane_tree.hpp"

#include "gpu/gpu_array.hpp"
#include "gpu/gpu_kernels.hpp"

namespace rondo::bench {
namespace {

constexpr std::size_t lane_elements = std::size_t{32} << 20;

class Lanes {
 public:
  Lanes(const Device& device, std::size_t lanes)
      : sum_(device, lane_elements, "sum over lanes"), root_{0, lanes} {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      std::vector<float> values(lane_elements);
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = pattern_value(i, static_cast<std::uint32_t>(lane));
      values_.push_back(std::make_unique<GpuArray<float>>(device, std::move(values)));
      inputs_.push_back(values_.back()->view());
      pieces_.push_back({lane, lane + 1});
    }
  }

  std::size_t bytes() const { return (inputs_.size() + 1) * lane_elements * sizeof(float); }

  void add(DeviceStream& stream) {
    comm::add_along_tree(stream, pieces_, root_, inputs_, sum_.span());
  }

  std::size_t wrong(DeviceStream& stream) {
    clear(stream, sum_.span());
    add(stream);
    const std::vector<float> found = read_gpu(stream, std::as_const(sum_).span());
    comm::LaneTreeSum expected(values_.size(), lane_elements);
    for (std::size_t lane = 0; lane < values_.size(); ++lane)
      expected.add(lane, values_[lane]->start());
    return different_bits<float>(found, expected.nodes().at(0).sum);
  }

 private:
  std::vector<std::unique_ptr<GpuArray<float>>> values_;
  std::vector<DeviceSpan<const float>> inputs_;
  std::vector<comm::LaneRange> pieces_;
  DeviceMemory<float> sum_;
  comm::LaneRange root_;
};

}  // namespace

std::vector<GpuFigures> measure_tree(const Device& device, const GpuRaceOptions& options) {
  std::vector<GpuFigures> figures;
  for (const std::size_t count : {2U, 8U}) {
    Lanes lanes(device, count);
    const GpuContender contender{
        .name = "tree " + std::to_string(count) + " lanes",
        .bytes = lanes.bytes(),
        .call = [&](DeviceStream& stream) { lanes.add(stream); },
        .verify = [&](DeviceStream& stream) { return lanes.wrong(stream); }};
    figures.push_back(race_on_gpu(device, std::span(&contender, 1), options).front());
  }
  return figures;
}

}  // namespace rondo::bench
