// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/adafactor.hpp"
#include "rondo/optim/adam.hpp"
#include "rondo/optim/lamb.hpp"
#include "rondo/optim/lars.hpp"
#include "rondo/optim/lion.hpp"
#include "rondo/optim/sgd.hpp"

/// What the rules take of OptimizerOptions, with their defaults.
namespace rondo::optim {

inline Adafactor::Options adafactor_options(const OptimizerOptions& options) {
  Adafactor::Options own{.weight_decay = options.weight_decay};
  own.epsilon = options.epsilon.value_or(own.epsilon);
  return own;
}

inline AdamOptions adam_options(const OptimizerOptions& options, float default_epsilon = 1e-8F) {
  AdamOptions own{.beta1 = options.beta1,
                  .epsilon = options.epsilon.value_or(default_epsilon),
                  .weight_decay = options.weight_decay};
  own.beta2 = options.beta2.value_or(own.beta2);
  return own;
}

inline Lamb::Options lamb_options(const OptimizerOptions& options) {
  return adam_options(options, 1e-6F);
}

inline Lars::Options lars_options(const OptimizerOptions& options) {
  Lars::Options own{.momentum = options.momentum, .weight_decay = options.weight_decay};
  own.trust_coefficient = options.trust_coefficient.value_or(own.trust_coefficient);
  return own;
}

inline Lion::Options lion_options(const OptimizerOptions& options) {
  Lion::Options own{.beta1 = options.beta1, .weight_decay = options.weight_decay};
  own.beta2 = options.beta2.value_or(own.beta2);
  return own;
}

inline Sgd::Options sgd_options(const OptimizerOptions& options) {
  return {.momentum = options.momentum,
          .nesterov = options.nesterov,
          .weight_decay = options.weight_decay};
}

}  // namespace rondo::optim
