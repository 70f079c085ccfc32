// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/adamw.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/optim/sgd.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 2> known_names{"adamw", "sgd"};

}  // namespace

SquareSums Optimizer::measure(const UpdateRange& /*range*/, const StepContext& /*context*/) const {
  return {};
}

std::span<const std::string_view> optimizer_names() noexcept {
  return known_names;
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options) {
  if (name == "sgd")
    return std::make_unique<Sgd>(Sgd::Options{.momentum = options.momentum,
                                              .nesterov = options.nesterov,
                                              .weight_decay = options.weight_decay});
  if (name == "adamw")
    return std::make_unique<AdamW>(AdamW::Options{.beta1 = options.beta1,
                                                  .beta2 = options.beta2,
                                                  .epsilon = options.epsilon,
                                                  .weight_decay = options.weight_decay});
  throw ConfigError(
      fmt::format("unknown optimizer '{}': choose one of {}", name, fmt::join(known_names, ", ")));
}

}  // namespace rondo::optim
