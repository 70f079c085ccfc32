// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "rondo/optim/adam.hpp"

#include "optim/kernels/rules.hpp"

/// What Adam, AdamW and LAMB have in common.
namespace rondo::optim {

inline constexpr std::array<std::string_view, 2> moment_slots{"mean", "square"};

/// \throws ConfigError  an option out of range; `rule` names the rule
void check_adam_options(const AdamOptions& options, std::string_view rule);

/// As Optimizer::text().
std::string adam_text(const AdamOptions& options, std::string_view rule);

kernel::AdamFactors adam_factors(const AdamOptions& options, const UpdateRange& range,
                                 const StepContext& context);

}  // namespace rondo::optim
