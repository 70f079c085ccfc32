// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/launch_trail.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rondo {

void LaunchTrail::begin_step(std::uint64_t step) noexcept {
  step_ = step;
}

void LaunchTrail::launched(const char* kernel) noexcept {
  own_.newest[own_.count++ % length] = kernel;
}

void LaunchTrail::follows(const LaunchTrail& other) noexcept {
  const Launches& launches = other.own_.count > 0 ? other.own_ : other.followed_;
  if (launches.count > 0) followed_ = launches;
}

void LaunchTrail::finished() noexcept {
  own_.count = followed_.count = 0;
}

std::string LaunchTrail::Launches::text() const {
  if (count == 1) return fmt::format("the kernel {}", newest[0]);
  std::string text =
      fmt::format("one of the {} kernels started since the last wait, newest first: ", count);
  const std::size_t named = std::min(count, length);
  for (std::size_t i = 1; i <= named; ++i)
    text += fmt::format("{}{}", i == 1 ? "" : ", ", newest[(count - i) % length]);
  return count > length ? text + ", ..." : text;
}

std::string LaunchTrail::text() const {
  const std::string step =
      step_ == 0 ? "outside of steps" : fmt::format("in step {} since the start", step_);
  const std::string followed =
      followed_.count == 0 ? "" : fmt::format("behind another stream, in {}", followed_.text());
  if (own_.count > 0)
    return fmt::format("{}, in {}{}{}", step, own_.text(), followed.empty() ? "" : "; or ",
                       followed);
  return fmt::format("{}, {}", step, followed.empty() ? "in no kernel of this stream" : followed);
}

}  // namespace rondo
