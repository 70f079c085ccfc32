// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/adam.hpp"
#include "rondo/optim/lamb.hpp"
#include "rondo/optim/lars.hpp"
#include "rondo/optim/lion.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/optim/sgd.hpp"

#include "optim/rule_options.hpp"

namespace rondo::optim {
namespace {

using Made = std::unique_ptr<Optimizer>;

Made make_adam(const OptimizerOptions& options) {
  return std::make_unique<Adam>(adam_options(options));
}

Made make_adamw(const OptimizerOptions& options) {
  return std::make_unique<AdamW>(adam_options(options));
}

Made make_lamb(const OptimizerOptions& options) {
  return std::make_unique<Lamb>(lamb_options(options));
}

Made make_adafactor(const OptimizerOptions& options) {
  return std::make_unique<Adafactor>(adafactor_options(options));
}

Made make_lars(const OptimizerOptions& options) {
  return std::make_unique<Lars>(lars_options(options));
}

Made make_lion(const OptimizerOptions& options) {
  return std::make_unique<Lion>(lion_options(options));
}

Made make_sgd(const OptimizerOptions& options) {
  return std::make_unique<Sgd>(sgd_options(options));
}

constexpr std::array<std::string_view, 7> known_rules{"adafactor", "adam", "adamw", "lamb",
                                                      "lars",      "lion", "sgd"};
/// In the order of the names.
constexpr std::array makers{make_adafactor, make_adam, make_adamw, make_lamb,
                            make_lars,      make_lion, make_sgd};
static_assert(makers.size() == known_rules.size());

}  // namespace

SquareSums Optimizer::measure(const UpdateRange& /*range*/, const StepContext& /*context*/) const {
  return {};
}

std::span<const std::string_view> optimizer_names() noexcept {
  return known_rules;
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options) {
  const auto* const known = std::find(known_rules.begin(), known_rules.end(), name);
  if (known == known_rules.end())
    throw ConfigError(fmt::format("unknown optimizer '{}': choose one of {}", name,
                                  fmt::join(known_rules, ", ")));
  return makers[static_cast<std::size_t>(known - known_rules.begin())](options);
}

}  // namespace rondo::optim
