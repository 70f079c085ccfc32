// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/network_base.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::nn {

namespace {

void check_count(std::size_t views, std::size_t parameters) {
  if (views != parameters)
    throw UsageError(
        fmt::format("{} parameter views for {} parameters: give one for each", views, parameters));
}

template <class View>
void check_all(std::span<const ParameterSpec> parameters, std::span<const View> views) {
  check_count(views.size(), parameters.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::size_t count = element_count(parameters[i].shape);
    const bool fits = views[i].value.size() == count && views[i].grad.size() == count &&
                      (views[i].copy.empty() || views[i].copy.size() == count);
    if (!fits)
      throw UsageError(
          fmt::format("parameter {} has {} elements, its view {} values, {} gradients and a copy "
                      "of {}",
                      parameters[i].name, count, views[i].value.size(), views[i].grad.size(),
                      views[i].copy.size()));
  }
}

}  // namespace

void check_values(std::span<const ParameterSpec> parameters, std::span<const ParameterView> views) {
  check_count(views.size(), parameters.size());
  for (std::size_t i = 0; i < views.size(); ++i)
    if (views[i].value.size() != element_count(parameters[i].shape))
      throw UsageError(fmt::format("parameter {} has {} elements, its view {} values",
                                   parameters[i].name, element_count(parameters[i].shape),
                                   views[i].value.size()));
}

void check_views(std::span<const ParameterSpec> parameters, std::span<const ParameterView> views) {
  check_all(parameters, views);
}

void check_views(std::span<const ParameterSpec> parameters,
                 std::span<const DeviceParameterView> views) {
  check_all(parameters, views);
}

void check_labels(std::span<const std::int32_t> labels, std::size_t classes) {
  const auto wrong = std::ranges::find_if(labels, [=](std::int32_t label) {
    return label < 0 || static_cast<std::size_t>(label) >= classes;
  });
  if (wrong != labels.end())
    throw UsageError(fmt::format("label {} of sample {} is outside [0, {})", *wrong,
                                 wrong - labels.begin(), classes));
}

void report_needed(const ResolvedLayer& layer, const ParameterNeeded& needed) {
  if (!needed) return;
  for (std::size_t i = 0; i < layer.parameter_count; ++i)
    needed(layer.first_parameter + i);
}

void report_ready(const ResolvedLayer& layer, const GradientReady& ready) {
  if (!ready) return;
  for (std::size_t i = layer.parameter_count; i > 0; --i)
    ready(layer.first_parameter + i - 1);
}

NetworkBase::NetworkBase(NetworkSpec spec, Precision precision, std::uint64_t seed)
    : spec_(std::move(spec)), precision_(precision), seed_(seed), topology_(resolve(spec_)) {}

void NetworkBase::bind(std::span<const ParameterView> views) {
  check_views(topology_.parameters, views);
  views_.assign(views.begin(), views.end());
  do_bind();
}

BatchSums NetworkBase::train(const Batch& batch, float loss_scale, const GradientReady& ready) {
  check(batch);
  if (batch.size() > 0) return do_train(batch, loss_scale, ready);
  for (const ResolvedLayer& layer : topology_.layers)
    report_needed(layer, needed_);
  for (auto layer = topology_.layers.rbegin(); layer != topology_.layers.rend(); ++layer)
    report_ready(*layer, ready);
  return {};
}

BatchSums NetworkBase::evaluate(const Batch& batch) {
  check(batch);
  return batch.size() > 0 ? do_evaluate(batch) : BatchSums{};
}

void NetworkBase::check(const Batch& batch) const {
  if (views_.size() != topology_.parameters.size())
    throw UsageError(fmt::format("network '{}' was not bound: call bind first", spec_.name));
  if (batch.images.size() != batch.size() * spec_.input.elements())
    throw UsageError(
        fmt::format("batch of {} labels has {} image values, network '{}' needs {} "
                    "for each sample",
                    batch.size(), batch.images.size(), spec_.name, spec_.input.elements()));
  if (!batch.weights.empty() && batch.weights.size() != batch.size())
    throw UsageError(fmt::format("batch of {} labels has {} weights: give one for each or none",
                                 batch.size(), batch.weights.size()));
  check_labels(batch.labels, spec_.classes);
}

}  // namespace rondo::nn
