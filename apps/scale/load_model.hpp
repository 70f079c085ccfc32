// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "scale/model.hpp"

namespace rondo::scale {

/// How fast the device computes that the passes stand in for.
struct Device {
  double flops = 1e13;       ///< a second, as reached in training
  std::size_t samples = 32;  ///< of a step on one rank
};

/// A shipped model table, or the one in that file (lib/scaling/README.md).
/// \throws IoError  missing_input: neither; bad_content: file, line and what is wrong there
ModelWork load_model(const std::string& name_or_file, const Device& device);

}  // namespace rondo::scale
