// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/device_pieces.hpp"

#include <algorithm>
#include <vector>

#include "rondo/base/error.hpp"

namespace rondo::precision {
namespace {

std::vector<std::uint64_t> first_pieces_of(std::span<const DevicePiece> pieces) {
  const std::size_t parameters = pieces.empty() ? 0 : std::size_t{pieces.back().parameter} + 1;
  std::vector<std::uint64_t> first(parameters + 1, pieces.size());
  for (std::size_t i = pieces.size(); i-- > 0;)
    first[pieces[i].parameter] = i;
  // A parameter without pieces ends where it begins.
  for (std::size_t p = parameters; p-- > 0;)
    first[p] = std::min(first[p], first[p + 1]);
  return first;
}

std::size_t held_elements_of(std::span<const DevicePiece> pieces) {
  std::size_t elements = 0;
  for (const DevicePiece& piece : pieces)
    if (piece.count > 0)
      elements = std::max(elements, static_cast<std::size_t>(piece.held) + piece.count);
  return elements;
}

}  // namespace

std::size_t elements_of(std::span<const DevicePiece> pieces) {
  std::size_t elements = 0;
  std::uint32_t parameter = 0;
  for (const DevicePiece& piece : pieces) {
    require(piece.count <= DevicePiece::most_elements,
            "a piece for the GPU has 1024 elements at the most");
    require(piece.parameter >= parameter, "the pieces of a parameter must follow each other");
    parameter = piece.parameter;
    elements = std::max(elements, static_cast<std::size_t>(piece.begin) + piece.count);
  }
  return elements;
}

DevicePieces::DevicePieces(const Device& device, std::span<const DevicePiece> pieces)
    : memory_(device, pieces.size(), "the table of the arena's pieces"),
      elements_(elements_of(pieces)),
      held_elements_(held_elements_of(pieces)) {
  const std::vector<std::uint64_t> first_pieces = first_pieces_of(pieces);
  first_pieces_ = {device, first_pieces.size(), "the table of the arena's parameters"};
  DeviceStream stream(device, "setup");
  copy<DevicePiece>(stream, pieces, memory_.span());
  copy<std::uint64_t>(stream, first_pieces, first_pieces_.span());
  stream.wait();
}

}  // namespace rondo::precision
