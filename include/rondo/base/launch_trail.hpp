// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace rondo {

/// What a stream was last asked to do. A GPU's faults come to light later, in whatever call waits
/// next: the trail tells which kernels of which step may have caused one.
///
/// Not thread-safe.
class LaunchTrail {
 public:
  /// How many kernels text() names at the most.
  static constexpr std::size_t length = 8;

  /// The kernels that follow belong to this step.
  void begin_step(std::uint64_t step) noexcept;
  /// `kernel` must outlive the trail: a literal.
  void launched(const char* kernel) noexcept;
  /// All of it has run to its end without a fault.
  void finished() noexcept;

  /// "in step 12, in the kernel optim::adamw", "..., in one of the 3 kernels ...", newest first, or
  /// what was copied; for the middle of a sentence.
  std::string text() const;

 private:
  std::array<const char*, length> newest_{};  // launch n at n % length
  std::size_t launches_ = 0;                  // since the last finished()
  std::uint64_t step_ = 0;
};

}  // namespace rondo
