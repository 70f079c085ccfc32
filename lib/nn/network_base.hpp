// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "rondo/nn/device_network.hpp"
#include "rondo/nn/network.hpp"

#include "nn/dropout_mask.hpp"
#include "nn/topology.hpp"

namespace rondo::nn {

/// The values only. \throws UsageError  not one view of the right length for each parameter
void check_values(std::span<const ParameterSpec> parameters, std::span<const ParameterView> views);
/// \throws UsageError  not one view of the right length for each parameter
void check_views(std::span<const ParameterSpec> parameters, std::span<const ParameterView> views);
void check_views(std::span<const ParameterSpec> parameters,
                 std::span<const DeviceParameterView> views);

/// What every backend does alike: it knows its parameters, checks what it is given and answers
/// empty batches. A backend implements the `do_` functions, which see valid, non-empty input.
class NetworkBase : public Network {
 public:
  NetworkBase(NetworkSpec spec, Precision precision, std::uint64_t seed);

  const NetworkSpec& spec() const noexcept final { return spec_; }
  Precision precision() const noexcept final { return precision_; }
  std::span<const ParameterSpec> parameters() const noexcept final { return topology_.parameters; }
  void bind(std::span<const ParameterView> views) final;
  void before_reading(ParameterNeeded needed) final { needed_ = std::move(needed); }
  BatchSums train(const Batch& batch, float loss_scale, const GradientReady& ready) final;
  BatchSums evaluate(const Batch& batch) final;

 protected:
  const Topology& topology() const noexcept { return topology_; }
  std::span<const ParameterView> views() const noexcept { return views_; }
  const ParameterNeeded& needed() const noexcept { return needed_; }
  DropoutKey dropout_key(const Batch& batch) const noexcept {
    return {seed_, batch.step, batch.lane};
  }

 private:
  virtual void do_bind() = 0;
  virtual BatchSums do_train(const Batch& batch, float loss_scale, const GradientReady& ready) = 0;
  virtual BatchSums do_evaluate(const Batch& batch) = 0;

  void check(const Batch& batch) const;

  NetworkSpec spec_;
  Precision precision_;
  std::uint64_t seed_;
  Topology topology_;
  std::vector<ParameterView> views_;
  ParameterNeeded needed_;
};

/// Reports the parameters of `layer` as needed, the first one first.
void report_needed(const ResolvedLayer& layer, const ParameterNeeded& needed);

/// Reports the parameters of `layer` as ready, the last one first.
void report_ready(const ResolvedLayer& layer, const GradientReady& ready);

}  // namespace rondo::nn
