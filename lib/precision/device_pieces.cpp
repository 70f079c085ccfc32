// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/device_pieces.hpp"

#include <algorithm>

#include "rondo/base/error.hpp"

namespace rondo::precision {

std::size_t elements_of(std::span<const DevicePiece> pieces) {
  std::size_t elements = 0;
  for (const DevicePiece& piece : pieces) {
    require(piece.count > 0 && piece.count <= DevicePiece::most_elements,
            "a piece for the GPU has 1 to 1024 elements");
    elements = std::max(elements, static_cast<std::size_t>(piece.begin) + piece.count);
  }
  return elements;
}

DevicePieces::DevicePieces(const Device& device, std::span<const DevicePiece> pieces)
    : memory_(device, pieces.size(), "the table of the arena's pieces"),
      elements_(elements_of(pieces)) {
  DeviceStream stream(device);
  copy<DevicePiece>(stream, pieces, memory_.span());
  stream.wait();
}

}  // namespace rondo::precision
