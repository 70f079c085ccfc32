// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/device_limit.hpp"

#include <algorithm>
#include <atomic>

namespace rondo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest = std::chrono::hours(24 * 365);

std::atomic<milliseconds> limit{std::chrono::minutes(2)};
std::atomic<bool> has_hung{false};

}  // namespace

milliseconds device_time_limit() noexcept {
  return limit;
}

void set_device_time_limit(milliseconds new_limit) noexcept {
  limit = std::min(new_limit, longest);
}

bool device_has_hung() noexcept {
  return has_hung;
}

void give_up_devices() noexcept {
  has_hung = true;
}

}  // namespace rondo
