// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/parameter.hpp"

namespace rondo::precision {

/// A part of one parameter in an arena (grad::Piece): what a block of a kernel's threads goes
/// through.
struct DevicePiece {
  static constexpr std::size_t most_elements = 1024;

  std::uint64_t begin = 0;
  std::uint64_t held = begin;  ///< where it begins in the optimizer's slots
  std::uint16_t count = 0;     ///< 0: another rank updates it
  ParameterRole role = ParameterRole::weight;
  std::uint32_t parameter = 0;  ///< counted from 0; the pieces of one follow each other
};
static_assert(sizeof(DevicePiece) == 24);

/// The pieces of an arena in a GPU's memory, so that one launch serves all parameters however many
/// there are; 24 bytes a piece, 8 a parameter. What no piece covers (padding, trailer) is left
/// alone.
class DevicePieces {
 public:
  /// Blocks. \throws UsageError  as elements_of(). DeviceError
  DevicePieces(const Device& device, std::span<const DevicePiece> pieces);

  DeviceSpan<const DevicePiece> span() const noexcept { return memory_.span(); }
  std::size_t size() const noexcept { return memory_.size(); }
  /// Of each parameter, and behind the last: the index of its first piece.
  DeviceSpan<const std::uint64_t> first_pieces() const noexcept { return first_pieces_.span(); }
  /// What an arena must have at least, and each of an optimizer's slots.
  std::size_t elements() const noexcept { return elements_; }
  std::size_t held_elements() const noexcept { return held_elements_; }
  std::size_t parameters() const noexcept { return first_pieces_.size() - 1; }

 private:
  DeviceMemory<DevicePiece> memory_;
  DeviceMemory<std::uint64_t> first_pieces_;
  std::size_t elements_;
  std::size_t held_elements_;
};

/// The end of the last piece. \throws UsageError  a piece of more than `most_elements`, or of a
/// parameter before that of the piece before it
std::size_t elements_of(std::span<const DevicePiece> pieces);

}  // namespace rondo::precision
