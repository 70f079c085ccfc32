// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "rondo/base/device_stream.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/precision/rounding.hpp"

#include "train/device_state.hpp"

namespace rondo::train {

/// ValueGather in the ranks' GPUs: queued, beside the work that does not read the values yet.
class DeviceValueGather {
 public:
  /// Both must outlive this object. Local.
  DeviceValueGather(DeviceState& state, const grad::Layout& layout);

  /// Queues the way of all shards to all ranks, and into the copy, in the order in which a forward
  /// pass reads them. Behind what the site's stream has been given. Collective.
  void start(const precision::RoundingKey& key);

  /// Whether the site's stream waits for the values of `range`, if they are under way. Local.
  bool is_awaited(grad::ElementRange range) const;
  /// From now on it does.
  void await(grad::ElementRange range);

 private:
  void gather(std::size_t bucket, const precision::RoundingKey& key);

  DeviceState& state_;
  const grad::Layout& layout_;
  DeviceEvent updated_;
  std::vector<DeviceEvent> arrived_;  // by bucket
  std::vector<bool> under_way_;       // by bucket, for all that the site's stream knows
};

}  // namespace rondo::train
