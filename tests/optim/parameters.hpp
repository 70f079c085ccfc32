// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// Values, gradients and slots as a trainer would hold them.
class Parameters {
 public:
  Parameters(const Optimizer& optimizer, std::vector<float> values)
      : values_(std::move(values)),
        grads_(values_.size()),
        slots_(optimizer.slot_names().size(), std::vector<float>(values_.size())) {}

  std::vector<float>& values() { return values_; }
  std::vector<float>& grads() { return grads_; }

  /// The elements [begin, begin + count). Its slots are good until the next call.
  UpdateRange range(std::size_t begin, std::size_t count) {
    views_.clear();
    for (auto& slot : slots_)
      views_.push_back(std::span(slot).subspan(begin, count));
    return {.value = std::span(values_).subspan(begin, count),
            .grad = std::span(grads_).subspan(begin, count),
            .slots = views_};
  }
  UpdateRange all() { return range(0, values_.size()); }

  friend bool operator==(const Parameters& a, const Parameters& b) {
    return a.values_ == b.values_ && a.grads_ == b.grads_ && a.slots_ == b.slots_;
  }

 private:
  std::vector<float> values_;
  std::vector<float> grads_;
  std::vector<std::vector<float>> slots_;
  std::vector<std::span<float>> views_;
};

inline std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values)
    value = normal(random);
  return values;
}

}  // namespace rondo::optim
