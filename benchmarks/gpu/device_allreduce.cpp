// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/device_allreduce.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <utility>

#include "rondo/comm/lane_tree.hpp"
#include "rondo/telemetry/counters.hpp"

#include "gpu/gpu_array.hpp"

namespace rondo::bench {
namespace {

using Value = float (*)(std::size_t place, std::uint32_t rank);

/// Small integers, whose sum is exact in any order.
float integer_value(std::size_t place, std::uint32_t rank) {
  return static_cast<float>((place % 8191 + std::size_t{31} * rank) % 101) - 50.0F;
}

std::vector<float> values_of(int rank, std::size_t count, Value value) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = value(i, static_cast<std::uint32_t>(rank));
  return values;
}

/// Along the tree of as many lanes as ranks: any other order gives the same of integers.
std::vector<float> sum_on_cpu(int ranks, std::size_t count, Value value) {
  comm::LaneTreeSum sum(static_cast<std::size_t>(ranks), count);
  for (int rank = 0; rank < ranks; ++rank)
    sum.add(static_cast<std::size_t>(rank), values_of(rank, count, value));
  const auto result = sum.nodes().at(0).sum;
  return {result.begin(), result.end()};
}

/// A way to sum, with what this rank adds and what must come out.
class Contest {
 public:
  using Call =
      std::function<void(DeviceStream&, DeviceSpan<const float> input, DeviceSpan<float> output)>;

  Contest(comm::Communicator& host, comm::DeviceCommunicator& devices, const Device& device,
          std::size_t count, Value value, Call call)
      : host_(host),
        devices_(devices),
        stream_(device),
        input_(device, values_of(host.rank(), count, value)),
        output_(device, count, "sum over ranks"),
        expected_(sum_on_cpu(host.size(), count, value)),
        call_(std::move(call)) {}

  /// Elements of all ranks' results that are not the CPU's. Collective.
  std::size_t wrong() {
    clear(stream_, output_.span());
    call_(stream_, input_.view(), output_.span());
    devices_.wait(stream_);
    const auto found = read_gpu(stream_, std::as_const(output_).span());
    auto wrong = static_cast<std::int64_t>(different_bits<float>(found, expected_));
    comm::allreduce(host_, std::span<std::int64_t>(&wrong, 1), comm::ReduceOp::sum);
    return static_cast<std::size_t>(wrong);
  }

  /// Of one call, the slowest rank's. Collective.
  double seconds() {
    comm::barrier(host_);
    const telemetry::Stopwatch stopwatch;
    call_(stream_, input_.view(), output_.span());
    devices_.wait(stream_);
    double seconds = stopwatch.seconds();
    comm::allreduce(host_, std::span<double>(&seconds, 1), comm::ReduceOp::max);
    return seconds;
  }

 private:
  comm::Communicator& host_;
  comm::DeviceCommunicator& devices_;
  DeviceStream stream_;
  GpuArray<float> input_;
  DeviceMemory<float> output_;
  std::vector<float> expected_;
  Call call_;
};

DeviceAllreduceFigures measure(Contest& contest, const GpuRaceOptions& race) {
  DeviceAllreduceFigures figures;
  figures.wrong = contest.wrong();
  for (std::size_t i = 0; i < race.warmup; ++i)
    static_cast<void>(contest.seconds());
  std::vector<double> seconds;
  for (std::size_t i = 0; i < race.repeats; ++i)
    seconds.push_back(contest.seconds());
  figures.seconds = summarize(seconds);
  figures.wrong += contest.wrong();
  return figures;
}

}  // namespace

std::vector<DeviceAllreduceFigures> measure_device_allreduce(
    comm::Communicator& comm, comm::DeviceCommunicator& devices, const Device& device,
    const DeviceAllreduceOptions& options) {
  const std::size_t count = options.bytes / sizeof(float);
  const auto lane = static_cast<std::size_t>(comm.rank());
  const auto lanes = static_cast<std::size_t>(comm.size());
  std::vector<DeviceAllreduceFigures> all;
  const auto add = [&](const char* sum, Value value, Contest::Call call) {
    Contest contest(comm, devices, device, count, value, std::move(call));
    DeviceAllreduceFigures figures = measure(contest, options.race);
    figures.sum = sum;
    figures.ranks = comm.size();
    figures.bytes = count * sizeof(float);
    all.push_back(figures);
  };
  add("fast", integer_value,
      [&](DeviceStream& stream, DeviceSpan<const float> input, DeviceSpan<float> output) {
        devices.start(stream, {.collective = comm::Collective::allreduce,
                               .dtype = DType::f32,
                               .input = comm::detail::device_bytes(input),
                               .output = comm::detail::writable_device_bytes(output)});
      });
  add("fixed", pattern_value,
      [&](DeviceStream& stream, DeviceSpan<const float> input, DeviceSpan<float> output) {
        const std::array<comm::DeviceLaneNode, 1> nodes{{{{lane, lane + 1}, input}}};
        comm::allreduce_lanes(devices, stream, nodes, lanes, output);
      });
  return all;
}

DeviceAllreduceReport measure_device_allreduce(comm::Communicator& comm,
                                               const DeviceAllreduceOptions& options) {
  const Device device = comm::device_of_rank(comm);
  const auto devices = comm::make_device_communicator(comm, device, {.path = options.path});
  DeviceAllreduceReport report{
      .explanation = devices->explain(),
      .figures = measure_device_allreduce(comm, *devices, device, options)};
  devices->close();
  return report;
}

}  // namespace rondo::bench
