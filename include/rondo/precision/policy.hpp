// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rondo {

/// The type in which layers compute; each names a precision::Policy of its own.
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

namespace rondo::precision {

/// How a step rounds the copy of the parameters that layers read.
enum class Rounding : std::uint8_t {
  nearest,    ///< to nearest even
  stochastic  ///< up or down at random, as likely as the value is near: right on average
};

constexpr std::string_view name_of(Rounding rounding) {
  switch (rounding) {
    case Rounding::nearest: return "nearest";
    case Rounding::stochastic: return "stochastic";
  }
  return "?";
}

/// Which numbers of a training step have which type.
///
/// | numbers                                     | "f32" | "bf16" | "f16"                     |
/// |---------------------------------------------|-------|--------|---------------------------|
/// | parameters (masters), running averages      | f32   | f32    | f32                       |
/// | their copy, written by the step             | none  | bf16   | none: layers round masters|
/// | activations, their gradients, layers' inputs| f32   | bf16   | f16                       |
/// | sums inside products of matrices            | f32   | f32    | f32                       |
/// | biases, normalisation's statistics          | f32   | f32    | f32                       |
/// | softmax and loss of a sample; their sums    | f32; f64 | f32; f64 | f32; f64            |
/// | gradients of parameters, sums over lanes    | f32   | f32    | f32                       |
/// | norms of gradients and parameters           | f64   | f64    | f64                       |
/// | optimizer state, the update                 | f32   | f32    | f32                       |
/// | loss scale                                  | 1     | 1      | adapts (LossScaler)       |
struct Policy {
  Precision compute = Precision::f32;
  /// Of the copy of the parameters that a step writes beside the masters; f32: there is none.
  Precision copy = Precision::f32;
  /// Of all sums.
  Precision accumulate = Precision::f32;
  Rounding rounding = Rounding::nearest;  ///< of the copy

  Policy() = default;
  /// The policy of that name.
  Policy(Precision precision);  // NOLINT(google-explicit-constructor): Precision is short for it

  bool has_copy() const noexcept { return copy != Precision::f32; }
  /// Whether gradients need a loss scale that adapts: f16's exponents are too few.
  bool scales_loss() const noexcept { return compute == Precision::f16; }

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// The names that make_policy knows.
std::span<const std::string_view> policy_names() noexcept;

/// \throws ConfigError  an unknown name; lists the known ones
Policy make_policy(std::string_view name);

/// \throws ConfigError  types that nothing here computes with, or that contradict each other
void check(const Policy& policy);

}  // namespace rondo::precision
