// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rondo/base/device.hpp"
#include "rondo/comm/device_communicator.hpp"

#include "gpu/gpu_race.hpp"

namespace rondo::bench {

/// Which sums are measured. Equal on all ranks.
struct DeviceAllreduceOptions {
  comm::DevicePath path = comm::DevicePath::automatic;
  std::size_t bytes = std::size_t{64} << 20;  ///< that each rank has, in f32
  GpuRaceOptions race = {.warmup = 3, .repeats = 21};
};

/// One line of the table. METRICS.md defines every figure. The same on all ranks.
struct DeviceAllreduceFigures {
  std::string sum;  ///< "fast": in the path's own order; "fixed": along the lane tree
  int ranks = 0;
  std::size_t bytes = 0;
  Summary seconds;  ///< of each repeat the slowest rank's
  std::size_t wrong = 0;

  double bytes_per_second() const { return static_cast<double>(bytes) / seconds.median; }
  double bus_bytes_per_second() const { return bytes_per_second() * 2 * (ranks - 1) / ranks; }
};

struct DeviceAllreduceReport {
  std::string explanation;  ///< how data moves, and why
  std::vector<DeviceAllreduceFigures> figures;
};

/// Measures the sum over all ranks of f32 in the GPUs' memory, fast and fixed, and compares every
/// element with the CPU's sum before and behind the clock. Ranks may share a GPU.
///
/// Collective. \throws as make_device_communicator() and device_of_rank(); DeviceError  out of
/// memory
DeviceAllreduceReport measure_device_allreduce(comm::Communicator& comm,
                                               const DeviceAllreduceOptions& options);
/// The same of a communicator between `device` of each rank.
std::vector<DeviceAllreduceFigures> measure_device_allreduce(comm::Communicator& comm,
                                                             comm::DeviceCommunicator& devices,
                                                             const Device& device,
                                                             const DeviceAllreduceOptions& options);

/// rondo-bench-gpu allreduce: parses the arguments behind it (argv[0] is ignored), under mpirun.
int device_allreduce_main(int argc, const char* const* argv);

}  // namespace rondo::bench
