// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/device.hpp"
#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/comm/device_communicator.hpp"
#include "rondo/precision/device_pieces.hpp"

namespace rondo::grad {

class Layout;

/// Gradients in a GPU's memory; what it refers to must outlive whoever sums them.
struct DeviceGradients {
  const Device& device;
  DeviceStream& stream;                   ///< on which lanes compute and parameters are updated
  DeviceStream& transfers;                ///< on which buckets travel
  comm::DeviceCommunicator& comm;         ///< of the same ranks as the host's communicator
  const precision::DevicePieces& pieces;  ///< that this rank updates
  DeviceSpan<float> grads;  ///< as long as the layout says; best of the communicator's memory
};

/// The pieces of a layout in a GPU's memory. Their parameters are counted as they lie in the arena,
/// so from the last that was registered. \throws DeviceError  out of memory
precision::DevicePieces device_pieces(const Device& device, const Layout& layout);
/// The same, with those of other ranks' shards empty; held where Layout::shard_offset() says.
precision::DevicePieces device_pieces(const Device& device, const Layout& layout, int rank);

}  // namespace rondo::grad
