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
  newest_[launches_++ % length] = kernel;
}

void LaunchTrail::finished() noexcept {
  launches_ = 0;
}

std::string LaunchTrail::text() const {
  std::string text = step_ == 0 ? "before the first step" : fmt::format("in step {}", step_);
  if (launches_ == 0) return text + ", in no kernel of this stream";
  if (launches_ == 1) return text + fmt::format(", in the kernel {}", newest_[0]);
  text += fmt::format(", in one of the {} kernels started since the last wait, newest first: ",
                      launches_);
  const std::size_t named = std::min(launches_, length);
  for (std::size_t i = 1; i <= named; ++i)
    text += fmt::format("{}{}", i == 1 ? "" : ", ", newest_[(launches_ - i) % length]);
  return launches_ > length ? text + ", ..." : text;
}

}  // namespace rondo
