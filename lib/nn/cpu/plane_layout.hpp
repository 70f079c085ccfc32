// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <dnnl.hpp>

namespace rondo::nn::cpu {

/// A layout of activations that our own kernels know: planes one after another, whose channels lie
/// next to each other. A plane is an image (nhwc), a block of channels of one (nChw8c, nChw16c) or
/// a single channel (nchw).
struct PlaneLayout {
  dnnl::memory::format_tag tag;
  std::size_t planes;
  std::size_t channels;  ///< of a plane

  /// Nothing if it is another.
  static std::optional<PlaneLayout> of(const dnnl::memory::desc& desc);
};

}  // namespace rondo::nn::cpu
