// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "rondo/optim/optimizer.hpp"

namespace rondo::bench {

/// The options under which all rules are measured; what they leave empty is the rules' default.
inline constexpr optim::OptimizerOptions measured_options{.momentum = 0.9F, .weight_decay = 0.01F};

/// A parameter and what a rule keeps beside it.
struct ParameterState {
  std::vector<float> value;
  std::vector<float> grad;
  std::vector<std::vector<float>> slots;
};

/// The values after a step from `before` by the formulas in the headers, element by element in
/// double precision. Rows and columns as the shape says; gradients are neither scaled nor clipped.
std::vector<double> oracle_step(std::string_view rule, const ParameterState& before,
                                const rondo::Shape& shape, const optim::StepContext& context);

}  // namespace rondo::bench
