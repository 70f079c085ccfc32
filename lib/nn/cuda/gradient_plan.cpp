// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/gradient_plan.hpp"

#include <algorithm>

#include "rondo/base/error.hpp"

namespace rondo::nn::cuda {
namespace {

/// Buffers that are free again when all who hold them have released them.
class Buffers {
 public:
  std::size_t take(std::size_t elements) {
    const std::size_t buffer = best_free(elements);
    if (buffer == sizes_.size()) {
      sizes_.push_back(0);
      holders_.push_back(0);
    }
    sizes_[buffer] = std::max(sizes_[buffer], elements);
    holders_[buffer] = 1;
    return buffer;
  }
  std::size_t share(std::size_t buffer) {
    ++holders_[buffer];
    return buffer;
  }
  void release(std::size_t buffer) { --holders_[buffer]; }
  bool is_shared(std::size_t buffer) const { return holders_[buffer] > 1; }
  std::vector<std::size_t> sizes() const { return sizes_; }

 private:
  /// The free one that needs to grow the least, then the smallest; else the next new one.
  std::size_t best_free(std::size_t elements) const {
    std::size_t best = sizes_.size();
    const auto key = [&](std::size_t i) {
      return std::pair(std::max(sizes_[i], elements) - sizes_[i], sizes_[i]);
    };
    for (std::size_t i = 0; i < sizes_.size(); ++i)
      if (holders_[i] == 0 && (best == sizes_.size() || key(i) < key(best))) best = i;
    return best;
  }

  std::vector<std::size_t> sizes_;
  std::vector<int> holders_;
};

class Planner {
 public:
  Planner(std::span<const std::size_t> elements, const std::vector<bool>& is_wanted)
      : elements_(elements), is_wanted_(is_wanted), gradients_(elements.size()) {}

  StageGradients plan(const StageValues& values) {
    StageGradients stage{
        .output = gradients_[values.output], .source = {}, .shortcut = {}, .sums = {}};
    if (!stage.output) return stage;
    const bool wants_shortcut = values.shortcut && is_wanted_[*values.shortcut];
    if (is_wanted_[values.source] ||
        (wants_shortcut && values.shortcut_gradient == GradientPlace::of_source))
      stage.source = take(values.source_gradient, values.source, stage);
    if (wants_shortcut || (values.shortcut && values.shortcut_gradient == GradientPlace::own))
      stage.shortcut = take(values.shortcut_gradient, *values.shortcut, stage);
    if (stage.shortcut) contribute(stage, *values.shortcut, *stage.shortcut);
    if (stage.source) contribute(stage, values.source, *stage.source);
    buffers_.release(*stage.output);
    return stage;
  }

  void begin(std::size_t last_value) {
    if (is_wanted_[last_value]) gradients_[last_value] = buffers_.take(elements_[last_value]);
  }
  std::vector<std::size_t> buffer_sizes() const { return buffers_.sizes(); }

 private:
  std::size_t take(GradientPlace place, std::size_t value, const StageGradients& stage) {
    switch (place) {
      case GradientPlace::own: return buffers_.take(elements_[value]);
      case GradientPlace::of_output: return buffers_.share(stage.output.value());
      case GradientPlace::of_source: return buffers_.share(stage.source.value());
    }
    throw UsageError("place of a gradient out of range");
  }

  /// The value's gradient so far and what `buffer` has become one.
  void contribute(StageGradients& stage, std::size_t value, std::size_t buffer) {
    if (!is_wanted_[value]) return buffers_.release(buffer);
    std::optional<std::size_t>& gradient = gradients_[value];
    if (!gradient) {
      gradient = buffer;
      return;
    }
    std::size_t sum = *gradient;
    if (buffers_.is_shared(sum))
      sum = buffers_.is_shared(buffer) ? buffers_.take(elements_[value]) : buffer;
    stage.sums.push_back({.a = *gradient, .b = buffer, .sum = sum, .value = value});
    if (sum != *gradient) buffers_.release(*gradient);
    if (sum != buffer) buffers_.release(buffer);
    gradient = sum;
  }

  std::span<const std::size_t> elements_;
  const std::vector<bool>& is_wanted_;
  std::vector<std::optional<std::size_t>> gradients_;  ///< the buffer of each value's so far
  Buffers buffers_;
};

}  // namespace

GradientPlan plan_gradients(std::span<const StageValues> stages,
                            std::span<const std::size_t> elements,
                            const std::vector<bool>& is_wanted) {
  GradientPlan plan{.stages = std::vector<StageGradients>(stages.size()), .buffers = {}};
  Planner planner(elements, is_wanted);
  if (!stages.empty()) planner.begin(stages.back().output);
  for (std::size_t i = stages.size(); i > 0; --i)
    plan.stages[i - 1] = planner.plan(stages[i - 1]);
  plan.buffers = planner.buffer_sizes();
  return plan;
}

}  // namespace rondo::nn::cuda
