// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/cpu_network.hpp"

#include <map>
#include <mutex>
#include <utility>

#include <dnnl.hpp>
#include <fmt/format.h>
#include <omp.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "nn/cpu/plan.hpp"
#include "nn/network_base.hpp"

namespace rondo::nn {

bool cpu_has_bf16() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

namespace cpu {
namespace {

Precision usable(Precision wanted) {
  static std::once_flag bf16_told;
  static std::once_flag f16_told;
  if (wanted == Precision::bf16 && !cpu_has_bf16()) {
    std::call_once(bf16_told, [] {
      log::info("this CPU has no AVX512_BF16: layers compute in f32 instead of bf16");
    });
    return Precision::f32;
  }
  if (wanted == Precision::f16)
    std::call_once(f16_told, [] {
      log::info("CPUs do not compute in f16: layers compute in f32 and round to f16 in between");
    });
  return wanted;
}

/// Sets the number of OpenMP threads that oneDNN uses, for as long as it lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : previous_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
  }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;
  ~ThreadCount() { omp_set_num_threads(previous_); }

 private:
  int previous_;
};

/// Plans are made when a batch size first occurs: the usual one, and the rest of an epoch.
class CpuNetwork final : public NetworkBase {
 public:
  CpuNetwork(const NetworkSpec& network_spec, const NetworkOptions& options)
      : NetworkBase(network_spec, usable(options.precision.compute), options.seed),
        threads_(options.threads) {}

  void parameters_changed() override {
    for (auto& [key, plan] : plans_)
      plan->parameters_changed();
  }

  std::vector<LayerKernel> kernels(std::size_t batch_size) override {
    auto kernels = plan_for(Mode::train, batch_size).kernels();
    for (LayerKernel& kernel : kernels)
      kernel.run = [run = std::move(kernel.run), count = threads_] {
        const ThreadCount threads(count);
        run();
      };
    return kernels;
  }

 private:
  void do_bind() override { plans_.clear(); }

  BatchSums do_train(const Batch& batch, float loss_scale, const GradientReady& ready) override {
    const ThreadCount threads(threads_);
    Plan& plan = plan_for(Mode::train, batch.size());
    plan.set_dropout(dropout_key(batch));
    return plan.train(batch, loss_scale, ready);
  }

  BatchSums do_evaluate(const Batch& batch) override {
    const ThreadCount threads(threads_);
    return plan_for(Mode::evaluate, batch.size()).evaluate(batch);
  }

  Plan& plan_for(Mode mode, std::size_t batch_size) {
    auto& plan = plans_[{mode, batch_size}];
    if (!plan) plan = make_plan({mode, precision(), batch_size});
    return *plan;
  }

  std::unique_ptr<Plan> make_plan(const PlanOptions& plan_options) const {
    try {
      return std::make_unique<Plan>(topology(), views(), needed(), plan_options);
    } catch (const dnnl::error& error) {
      throw ConfigError(fmt::format(
          "oneDNN cannot run network '{}' in {} at micro-batch {} ({}): try another precision",
          spec().name, name_of(plan_options.precision), plan_options.batch_size, error.what()));
    }
  }

  int threads_;
  std::map<std::pair<Mode, std::size_t>, std::unique_ptr<Plan>> plans_;
};

}  // namespace

std::unique_ptr<Network> make_cpu_network(const NetworkSpec& spec, const NetworkOptions& options) {
  return std::make_unique<CpuNetwork>(spec, options);
}

}  // namespace cpu
}  // namespace rondo::nn
