// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/convolution_plans.hpp"

#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "nn/cuda/libraries.hpp"

namespace rondo::nn::cuda {
namespace {

using cudnn::Plan;
using cudnn::PlanSearch;

/// How many plans are measured where one is chosen by its time.
constexpr int most_candidates = 8;
constexpr int measured_runs = 3;

/// Whether f() works; if cuDNN or the memory refuse, the search is told. A GPU that hangs is no
/// refusal.
template <class F>
bool works(PlanSearch& search, F f) {
  try {
    f();
  } catch (const DeviceError& error) {
    if (error.code() == ExitCode::requeue) throw;
    search.refuse(error.what());
    return false;
  }
  return true;
}

[[noreturn]] void no_plan(std::string_view layer, const cudnn::Problem& problem,
                          std::string_view tried) {
  throw DeviceError(fmt::format("layer {}: cuDNN {} has no way for the {}; tried: {}", layer,
                                cudnnGetVersion(), describe(problem), tried));
}

}  // namespace

void ConvolutionPlans::run(Libraries& libraries, DeviceStream& stream, std::string_view layer,
                           const cudnn::Problem& problem, const Plan::Addresses& addresses) {
  if (const auto known = plans_.find(problem); known != plans_.end())
    return known->second.run(target_.handle(), stream, addresses,
                             libraries.workspace(known->second.workspace_bytes()));
  PlanSearch search(target_, problem);
  auto plan = first_that_runs(libraries, stream, search, addresses);
  if (!plan) no_plan(layer, problem, search.tried());
  plans_.emplace(problem, std::move(*plan));
}

template <class Choose>
const Plan* ConvolutionPlans::find_or_choose(const cudnn::Problem& problem, Choose choose) {
  if (const auto known = plans_.find(problem); known != plans_.end()) return &known->second;
  if (hopeless_.contains(problem)) return nullptr;
  std::optional<PlanSearch> search;
  std::string tried;
  try {
    search.emplace(target_, problem);
  } catch (const DeviceError& error) {
    if (error.code() == ExitCode::requeue) throw;
    tried = error.what();
  }
  if (search) {
    if (auto plan = choose(*search))
      return &plans_.emplace(problem, std::move(*plan)).first->second;
    tried = search->tried();
  }
  hopeless_.insert(problem);
  log::debug(fmt::format("cuDNN has no way for the {}, which takes several kernels then: {}",
                         describe(problem), tried));
  return nullptr;
}

bool ConvolutionPlans::try_run(Libraries& libraries, DeviceStream& stream,
                               const cudnn::Problem& problem, const Plan::Addresses& addresses) {
  bool has_run = false;
  const Plan* const plan = find_or_choose(problem, [&](PlanSearch& search) {
    auto found = first_that_runs(libraries, stream, search, addresses);
    has_run = found.has_value();
    return found;
  });
  if (plan != nullptr && !has_run)
    plan->run(target_.handle(), stream, addresses, libraries.workspace(plan->workspace_bytes()));
  return plan != nullptr;
}

bool ConvolutionPlans::try_measure(Libraries& libraries, DeviceStream& stream,
                                   const cudnn::Problem& problem,
                                   const Plan::Addresses& addresses) {
  const Plan* const plan = find_or_choose(problem, [&](PlanSearch& search) {
    return fastest(libraries.device(), stream, search, addresses);
  });
  if (plan != nullptr) libraries.workspace(plan->workspace_bytes());
  return plan != nullptr;
}

void ConvolutionPlans::measure(Libraries& libraries, DeviceStream& stream, std::string_view layer,
                               const cudnn::Problem& problem, const Plan::Addresses& addresses) {
  if (plans_.contains(problem)) return;
  PlanSearch search(target_, problem);
  auto plan = fastest(libraries.device(), stream, search, addresses);
  if (!plan) no_plan(layer, problem, search.tried());
  libraries.workspace(plan->workspace_bytes());
  plans_.emplace(problem, std::move(*plan));
}

std::optional<Plan> ConvolutionPlans::first_that_runs(Libraries& libraries, DeviceStream& stream,
                                                      PlanSearch& search,
                                                      const Plan::Addresses& addresses) const {
  while (auto plan = search.next()) {
    if (choice_ == PlanChoice::heuristic) libraries.workspace(plan->workspace_bytes());
    if (works(search, [&] {
          plan->run(target_.handle(), stream, addresses,
                    libraries.workspace(plan->workspace_bytes()));
        }))
      return plan;
  }
  return std::nullopt;
}

std::optional<Plan> ConvolutionPlans::fastest(const Device& device, DeviceStream& stream,
                                              PlanSearch& search,
                                              const Plan::Addresses& addresses) const {
  DeviceMemory<std::byte> workspace;  // freed with the plans that were only tried
  DeviceEvent begin(device, EventTime::noted);
  DeviceEvent end(device, EventTime::noted);
  std::optional<Plan> best;
  float least = std::numeric_limits<float>::infinity();
  for (int measured = 0; measured < most_candidates;) {
    auto plan = search.next();
    if (!plan) break;
    const auto run = [&] {
      plan->run(target_.handle(), stream, addresses, workspace.span().data());
    };
    const auto warm_up = [&] {
      if (workspace.size() < plan->workspace_bytes()) {
        workspace = {};
        workspace = {device, plan->workspace_bytes(), "the workspace of plans that are measured"};
      }
      run();
    };
    if (!works(search, warm_up)) continue;
    begin.record(stream);
    for (int i = 0; i < measured_runs; ++i)
      run();
    end.record(stream);
    end.wait();
    ++measured;
    const float seconds = end.seconds_since(begin);
    if (seconds >= least) continue;
    least = seconds;
    best = std::move(plan);
  }
  return best;
}

}  // namespace rondo::nn::cuda
