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

  /// The kernels that follow belong to this step of the process, 1 the first.
  void begin_step(std::uint64_t step) noexcept;
  /// `kernel` must outlive the trail: a literal.
  void launched(const char* kernel) noexcept;
  /// What follows waits for all that this other stream's trail has.
  void follows(const LaunchTrail& other) noexcept;
  /// All of it has run to its end without a fault.
  void finished() noexcept;

  /// "in step 12 since the start, in the kernel optim::adamw", "..., in one of the 3 kernels ...",
  /// newest first, or what was copied, "or behind another stream's ..."; "outside of steps, ...";
  /// for the middle of a sentence.
  std::string text() const;

 private:
  struct Launches {
    std::array<const char*, length> newest{};  // launch n at n % length
    std::size_t count = 0;                     // since the last finished()

    std::string text() const;
  };

  Launches own_;
  Launches followed_;  // of the stream that was followed last
  std::uint64_t step_ = 0;
};

}  // namespace rondo
