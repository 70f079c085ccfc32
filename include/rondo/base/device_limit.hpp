// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace rondo {

/// How long a wait of this process for its GPUs' work lasts until they count as hung: two minutes
/// unless somebody sets it, at most a year. Thread-safe.
std::chrono::milliseconds device_time_limit() noexcept;
void set_device_time_limit(std::chrono::milliseconds limit) noexcept;

/// Whether a wait for a GPU's work has passed its limit. That work may still run, and write to
/// memory, the host's too. So from then on nothing that a GPU may use is given back: destructors of
/// streams, events, graphs and memory do nothing, or they would free what is written to, or wait
/// for as long as the GPU hangs. Further waits fail at once. Whoever catches the DeviceError should
/// report it and end the process by std::_Exit: exit handlers of CUDA's may wait, too.
/// Thread-safe.
bool device_has_hung() noexcept;
/// For whoever has waited in vain.
void give_up_devices() noexcept;

}  // namespace rondo
