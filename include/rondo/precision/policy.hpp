// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace rondo {

/// The type in which layers compute; parameters, sums, norms, softmax and loss are f32 always.
enum class Precision : std::uint8_t { f32, bf16, f16 };

constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::f32: return "f32";
    case Precision::bf16: return "bf16";
    case Precision::f16: return "f16";
  }
  return "?";
}

}  // namespace rondo
