// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "rondo/base/device.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/nn/device_network.hpp"

#include "nn/cuda/cudnn_graph.hpp"

namespace rondo::nn::cuda {

class Libraries;

/// The plans of a network's convolutions, one for each problem, whichever layers have it.
///
/// Plans that cuDNN cannot make or run here, or whose workspace is above most_workspace_bytes, are
/// passed over. With PlanChoice::heuristic the first that is left is taken, and memory that does
/// not suffice for its workspace is an error: another plan would have other bits on this rank
/// alone.
class ConvolutionPlans {
 public:
  ConvolutionPlans(const Device& device, PlanChoice choice) : target_(device), choice_(choice) {}

  /// Queues it, by the plan that measure() chose, or by the first of the heuristics that works.
  /// \throws DeviceError  there is none; names the layer, the problem and what was tried
  void run(Libraries& libraries, DeviceStream& stream, std::string_view layer,
           const cudnn::Problem& problem, const cudnn::Plan::Addresses& addresses);

  /// The same, but false, with nothing queued, if there is none for the problem: said once, at the
  /// level debug.
  bool try_run(Libraries& libraries, DeviceStream& stream, const cudnn::Problem& problem,
               const cudnn::Plan::Addresses& addresses);

  /// Whether try_run() or try_measure() found none for the problem.
  bool is_hopeless(const cudnn::Problem& problem) const { return hopeless_.contains(problem); }

  /// Chooses the fastest of some plans if there is none for this problem yet. Each is run some
  /// times and writes the same result. Waits for the GPU.
  /// \throws DeviceError  as run()
  void measure(Libraries& libraries, DeviceStream& stream, std::string_view layer,
               const cudnn::Problem& problem, const cudnn::Plan::Addresses& addresses);
  /// The same, but false if there is none, as try_run().
  bool try_measure(Libraries& libraries, DeviceStream& stream, const cudnn::Problem& problem,
                   const cudnn::Plan::Addresses& addresses);

 private:
  /// By `choose(search)`, for try_run() and try_measure(); nullptr: there is none.
  template <class Choose>
  const cudnn::Plan* find_or_choose(const cudnn::Problem& problem, Choose choose);
  std::optional<cudnn::Plan> first_that_runs(Libraries& libraries, DeviceStream& stream,
                                             cudnn::PlanSearch& search,
                                             const cudnn::Plan::Addresses& addresses) const;
  std::optional<cudnn::Plan> fastest(const Device& device, DeviceStream& stream,
                                     cudnn::PlanSearch& search,
                                     const cudnn::Plan::Addresses& addresses) const;

  cudnn::Target target_;
  PlanChoice choice_;
  std::map<cudnn::Problem, cudnn::Plan> plans_;
  std::set<cudnn::Problem> hopeless_;  ///< of try_run() and try_measure()
};

}  // namespace rondo::nn::cuda
