// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/tuned_parameters.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "measure/statistics.hpp"
#include "rondo_bench/tuning_rules.hpp"

namespace rondo::bench {
namespace {

using comm::Algorithm;
using comm::Tuning;

constexpr std::size_t operator""_KiB(unsigned long long count) {
  return static_cast<std::size_t>(count) << 10;
}
constexpr std::size_t operator""_MiB(unsigned long long count) {
  return static_cast<std::size_t>(count) << 20;
}

/// A number of the tuning table, and the calls that show its best value.
struct Parameter {
  const char* name;
  std::size_t& (*of)(Tuning&);
  Algorithm algorithm;
  bool arena;  // the calls are on the communicator's memory
  std::vector<std::size_t> values;
  std::vector<std::size_t> sizes;
};

std::vector<Parameter> parameters() {
  const std::vector<std::size_t> long_calls{1_MiB, 4_MiB, 16_MiB};
  return {
      {.name = "one_shot_bytes",
       .of = [](Tuning& tuning) -> std::size_t& { return tuning.shared_memory.one_shot_bytes; },
       .algorithm = Algorithm::shared,
       .arena = true,
       .values = {1_KiB, 4_KiB, 16_KiB, 64_KiB},
       .sizes = {2_KiB, 8_KiB, 32_KiB}},
      {.name = "streaming_bytes",
       .of = [](Tuning& tuning) -> std::size_t& { return tuning.shared_memory.streaming_bytes; },
       .algorithm = Algorithm::shared,
       .arena = true,
       .values = {1_MiB, 4_MiB, 8_MiB, 16_MiB, 32_MiB, 64_MiB},
       .sizes = {1_MiB, 4_MiB, 16_MiB, 32_MiB}},
      {.name = "staging_chunk_bytes",
       .of = [](Tuning& tuning) -> std::size_t& {
         return tuning.shared_memory.staging_chunk_bytes;
       },
       .algorithm = Algorithm::shared,
       .arena = false,
       .values = {32_KiB, 64_KiB, 128_KiB, 256_KiB, 512_KiB},
       .sizes = long_calls},
      {.name = "segment_bytes",
       .of = [](Tuning& tuning) -> std::size_t& { return tuning.transport.segment_bytes; },
       .algorithm = Algorithm::ring,
       .arena = false,
       .values = {32_KiB, 64_KiB, 128_KiB, 256_KiB, 512_KiB, 1_MiB},
       .sizes = long_calls},
  };
}

/// One value of a parameter: a communicator that has it, with one set of buffers.
class Rival {
 public:
  Rival(Tuning tuning, const Parameter& parameter, std::size_t bytes)
      : comm_(comm::make_mpi_communicator(
            {.tuning = std::make_shared<const Tuning>(std::move(tuning))})),
        algorithm_(parameter.algorithm) {
    if (parameter.arena)
      arena_ = comm_->allocate(bytes);
    else
      private_ = AlignedBuffer<std::byte>(bytes);
  }

  std::span<std::byte> memory() { return arena_ ? arena_->bytes() : private_.span(); }

  void call(const BufferSet& set) {
    comm_->run({.collective = comm::Collective::allreduce,
                .dtype = DType::f32,
                .input = set.input,
                .output = set.output,
                .options = {.algorithm = algorithm_}});
  }

 private:
  std::unique_ptr<comm::Communicator> comm_;
  Algorithm algorithm_;
  std::unique_ptr<comm::Memory> arena_;
  AlignedBuffer<std::byte> private_;
};

Shape shape_at(std::size_t bytes, int ranks) {
  return shape_of_bytes({.dtype = DType::f32, .ranks = ranks}, bytes);
}

/// Every rival's median at one size.
std::vector<double> medians_at(comm::Communicator& comm, std::span<Rival> rivals, std::size_t bytes,
                               const RaceOptions& options) {
  const Shape shape = shape_at(bytes, comm.size());
  std::vector<Workload> buffers;
  for (Rival& rival : rivals)
    buffers.emplace_back(rival.memory(), shape, nullptr, SIZE_MAX);
  std::vector<Contender> contenders;
  for (std::size_t r = 0; r < rivals.size(); ++r)
    contenders.push_back({.name = {},
                          .buffers = &buffers[r],
                          .call = [&rivals, r](const BufferSet& set) { rivals[r].call(set); }});
  std::vector<double> medians;
  for (const Lap& lap : race(comm, contenders, options))
    medians.push_back(summarize(lap.seconds).median);
  return medians;
}

std::size_t measured_value(comm::Communicator& comm, Tuning tuning, Parameter& parameter,
                           const RaceOptions& options) {
  const std::size_t present = parameter.of(tuning);
  auto& values = parameter.values;
  if (std::ranges::find(values, present) == values.end()) values.push_back(present);
  const std::size_t bytes =
      Workload::set_bytes(shape_at(std::ranges::max(parameter.sizes), comm.size()));
  std::vector<Rival> rivals;
  for (const std::size_t value : values) {
    parameter.of(tuning) = value;
    rivals.emplace_back(tuning, parameter, bytes);
  }
  std::vector<std::vector<double>> seconds(values.size());
  for (const std::size_t size : parameter.sizes) {
    const std::vector<double> medians = medians_at(comm, rivals, size, options);
    for (std::size_t v = 0; v < values.size(); ++v)
      seconds[v].push_back(medians[v]);
  }
  const auto preferred = std::ranges::find(values, present) - values.begin();
  return values[best_value(seconds, static_cast<std::size_t>(preferred))];
}

bool matters(const Parameter& parameter, const comm::Place& place) {
  if (place.size == 1) return false;
  if (parameter.algorithm != Algorithm::shared && place.nodes == 1) return false;
  return comm::fits(parameter.algorithm, comm::Collective::allreduce, place);
}

}  // namespace

Tuning tune_parameters(comm::Communicator& comm, const Tuning& tuning,
                       const RaceOptions& race_options,
                       const std::function<void(const std::string&)>& report) {
  Tuning result = tuning;
  for (Parameter& parameter : parameters()) {
    if (!matters(parameter, comm.place())) continue;
    const std::size_t value = measured_value(comm, result, parameter, race_options);
    report(fmt::format("{:<20} {:>10}", parameter.name, value));
    parameter.of(result) = value;
  }
  return result;
}

}  // namespace rondo::bench
