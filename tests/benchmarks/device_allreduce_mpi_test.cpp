// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench-gpu allreduce: on GPUs, which ranks may share, or emulated.
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "gpu/device_allreduce.hpp"

namespace rondo::bench {
namespace {

using comm::DeviceCall;

constexpr std::size_t count = 10'007;

DeviceAllreduceOptions few_calls() {
  return {.path = comm::DevicePath::host_staged,
          .bytes = count * sizeof(float) + 3,
          .race = {.warmup = 1, .repeats = 2}};
}

/// As another one, but that the last rank gets zero in place of the last element.
class Spoiling final : public comm::DeviceCommunicator {
 public:
  explicit Spoiling(comm::DeviceCommunicator& inner)
      : DeviceCommunicator(inner.place(), inner.time_limit()), inner_(inner) {}

  std::string explain() const override { return inner_.explain(); }
  void wait(DeviceStream& stream) override { inner_.wait(stream); }
  std::unique_ptr<comm::DeviceArena> allocate(std::size_t bytes, std::string_view name) override {
    return inner_.allocate(bytes, name);
  }
  void close() override { inner_.close(); }

 private:
  void queue(DeviceStream& stream, const DeviceCall& call) override {
    inner_.start(stream, call);
    if (rank() == size() - 1)
      clear(stream, call.output.subspan(call.output.size() - sizeof(float), sizeof(float)));
  }
  void queue_exchange(DeviceStream& stream, std::span<const DeviceSpan<const std::byte>> outgoing,
                      std::span<const DeviceSpan<std::byte>> incoming) override {
    inner_.exchange(stream, outgoing, incoming);
  }
  void queue_group(const std::function<void()>& calls) override { inner_.grouped(calls); }

  comm::DeviceCommunicator& inner_;
};

TEST(DeviceAllreduce, reports_fast_and_fixed_sums_that_are_right) {
  const auto comm = comm::make_mpi_communicator();

  const DeviceAllreduceReport report = measure_device_allreduce(*comm, few_calls());

  EXPECT_THAT(report.explanation, testing::HasSubstr("host"));
  ASSERT_EQ(report.figures.size(), 2U);
  EXPECT_EQ(report.figures[0].sum, "fast");
  EXPECT_EQ(report.figures[1].sum, "fixed");
  for (const DeviceAllreduceFigures& figures : report.figures) {
    EXPECT_EQ(figures.wrong, 0U) << figures.sum;
    EXPECT_EQ(figures.ranks, comm->size());
    EXPECT_EQ(figures.bytes, count * sizeof(float));
    EXPECT_GT(figures.seconds.minimum, 0);
  }
}

TEST(DeviceAllreduce, reports_sums_by_messages_between_gpus) {
  const auto comm = comm::make_mpi_communicator();
  DeviceAllreduceOptions options = few_calls();
  options.path = comm::DevicePath::cuda_aware;
  try {
    const DeviceAllreduceReport report = measure_device_allreduce(*comm, options);

    EXPECT_THAT(report.explanation, testing::HasSubstr("by MPI"));
    for (const DeviceAllreduceFigures& figures : report.figures)
      EXPECT_EQ(figures.wrong, 0U) << figures.sum;
  } catch (const AgreedError& error) {
    GTEST_SKIP() << error.what();
  }
}

TEST(DeviceAllreduce, counts_what_is_wrong_on_any_rank) {
  const auto comm = comm::make_mpi_communicator();
  const Device device = comm::device_of_rank(*comm);
  const auto devices =
      comm::make_device_communicator(*comm, device, {.path = comm::DevicePath::host_staged});
  Spoiling spoiling(*devices);

  const auto all = measure_device_allreduce(*comm, spoiling, device, few_calls());

  for (const DeviceAllreduceFigures& figures : all)
    EXPECT_EQ(figures.wrong, 2U) << figures.sum << ": one before the clock and one behind";
}

}  // namespace
}  // namespace rondo::bench
