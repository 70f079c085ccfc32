// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/device_pieces.hpp"

#include <algorithm>

#include "rondo/base/error.hpp"

namespace rondo::precision {

std::size_t elements_of(std::span<const DevicePiece> pieces) {
  std::size_t elements = 0;
  std::uint32_t parameter = 0;
  for (const DevicePiece& piece : pieces) {
    require(piece.count > 0 && piece.count <= DevicePiece::most_elements,
            "a piece for the GPU has 1 to 1024 elements");
    require(piece.parameter >= parameter, "the pieces of a parameter must follow each other");
    parameter = piece.parameter;
    elements = std::max(elements, static_cast<std::size_t>(piece.begin) + piece.count);
  }
  return elements;
}

DevicePieces::DevicePieces(const Device& device, std::span<const DevicePiece> pieces)
    : memory_(device, pieces.size(), "the table of the arena's pieces"),
      elements_(elements_of(pieces)),
      parameters_(pieces.empty() ? 0 : std::size_t{pieces.back().parameter} + 1) {
  DeviceStream stream(device);
  copy<DevicePiece>(stream, pieces, memory_.span());
  stream.wait();
}

}  // namespace rondo::precision
