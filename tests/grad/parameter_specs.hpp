// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rondo/base/parameter.hpp"

namespace rondo::test {

inline std::vector<ParameterSpec> three() {
  return {{"first", {5, 3}}, {"second", {7}, ParameterRole::bias}, {"third", {64}}};
}

}  // namespace rondo::test
