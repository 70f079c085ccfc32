// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// Values, gradients, slots and the bf16 copy of one parameter, as a trainer would hold them.
class Parameters {
 public:
  Parameters(const Optimizer& optimizer, std::vector<float> values)
      : Parameters(optimizer, std::move(values), {}) {}
  /// Without a shape: a vector.
  Parameters(const Optimizer& optimizer, std::vector<float> values, Shape shape)
      : values_(std::move(values)),
        grads_(values_.size()),
        shape_(shape.empty() ? Shape{values_.size()} : std::move(shape)),
        copy_(values_.size()) {
    for (std::size_t k = 0; k < optimizer.slot_names().size(); ++k)
      slots_.emplace_back(element_count(optimizer.slot_shape(k, shape_)));
  }

  std::vector<float>& values() { return values_; }
  std::vector<float>& grads() { return grads_; }
  std::vector<float>& slot(std::size_t k) { return slots_[k]; }
  std::vector<bfloat16>& copy() { return copy_; }

  /// The elements [begin, begin + count). Its slots are good until the next call.
  UpdateRange range(std::size_t begin, std::size_t count) {
    views_.clear();
    for (auto& slot : slots_)
      views_.push_back(std::span(slot).subspan(begin, count));
    return range_of(begin, count);
  }
  UpdateRange all() {
    views_.assign(slots_.begin(), slots_.end());
    return range_of(0, values_.size());
  }

  friend bool operator==(const Parameters& a, const Parameters& b) {
    return a.values_ == b.values_ && a.grads_ == b.grads_ && a.slots_ == b.slots_ &&
           std::ranges::equal(a.copy_, b.copy_, {}, &bfloat16::bits, &bfloat16::bits);
  }

 private:
  UpdateRange range_of(std::size_t begin, std::size_t count) {
    return {.value = std::span(values_).subspan(begin, count),
            .grad = std::span(grads_).subspan(begin, count),
            .slots = views_,
            .copy = std::span(copy_).subspan(begin, count),
            .first = first_in_arena + begin,
            .shape = &shape_};
  }

  static constexpr std::uint64_t first_in_arena = (std::uint64_t{1} << 35) + 12'345;

  std::vector<float> values_;
  std::vector<float> grads_;
  Shape shape_;
  std::vector<std::vector<float>> slots_;
  std::vector<bfloat16> copy_;
  std::vector<std::span<float>> views_;
};

/// One step of the whole parameter, as a trainer takes it.
inline void take_step(const Optimizer& rule, UpdateRange range, const StepContext& context) {
  if (rule.scope() == Scope::norms) range.sums = rule.measure(range, context);
  rule.update(range, context);
}

/// Every rule, some twice, with all their options on.
inline std::vector<std::unique_ptr<Optimizer>> every_rule() {
  std::vector<std::unique_ptr<Optimizer>> rules;
  for (const auto name : optimizer_names())
    rules.push_back(make_optimizer(name, {.momentum = 0.9F, .weight_decay = 0.01F}));
  rules.push_back(make_optimizer("sgd", {.weight_decay = 0.01F}));
  rules.push_back(
      make_optimizer("sgd", {.momentum = 0.9F, .nesterov = true, .weight_decay = 0.01F}));
  return rules;
}

inline std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values)
    value = normal(random);
  return values;
}

}  // namespace rondo::optim
