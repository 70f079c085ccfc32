// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// \throws UsageError  spans of lengths that do not fit `rule` and its slots, or step 0
void require_valid(const Optimizer& rule, const UpdateRange& range, const StepContext& context);

/// Each \throws ConfigError; `what` names the option, as in "sgd: momentum".
void require_below(float value, float limit, std::string_view what);  ///< 0 <= value < limit
void require_non_negative(float value, std::string_view what);        ///< and finite
void require_positive(float value, std::string_view what);            ///< and finite

}  // namespace rondo::optim
