// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo::precision {

/// Loss scaling as a pure state machine: no tensors, no communication.
///
/// The trainer multiplies the loss by `scale()`, agrees across ranks whether any gradient
/// overflowed, and reports that single answer to `update`. All ranks therefore hold the same scale
/// at every step. The scale backs off after an overflow and grows after a run of clean steps
/// (Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3.2).
class LossScaler {
 public:
  struct Options {
    float initial = 65536.0F;
    float growth = 2.0F;         ///< factor after `growth_interval` clean steps
    float backoff = 0.5F;        ///< factor after an overflow
    int growth_interval = 2000;  ///< optimizer steps
    float min = 1.0F;
    float max = 0x1p24F;
  };

  /// What a checkpoint keeps.
  struct State {
    float scale = 1.0F;
    int clean_steps = 0;  ///< since the scale last changed
    friend bool operator==(const State&, const State&) = default;
  };

  LossScaler() : LossScaler(Options{}) {}
  /// \throws ConfigError  options that contradict each other
  explicit LossScaler(Options options);

  /// A scaler whose scale never changes: 1 for f32 and bf16.
  static LossScaler fixed(float scale);

  float scale() const noexcept { return state_.scale; }

  /// Returns true if the optimizer step should be applied.
  [[nodiscard]] bool update(bool overflowed) noexcept;

  State state() const noexcept { return state_; }
  /// \throws ConfigError  a state that these options cannot reach; the scaler is unchanged then
  void restore(const State& state);

 private:
  Options options_;
  State state_;
};

}  // namespace rondo::precision
