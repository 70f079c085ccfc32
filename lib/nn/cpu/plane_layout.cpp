// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/plane_layout.hpp"

namespace rondo::nn::cpu {

std::optional<PlaneLayout> PlaneLayout::of(const dnnl::memory::desc& desc) {
  using Tag = dnnl::memory::format_tag;
  const auto dims = desc.dims();
  const auto batch = static_cast<std::size_t>(dims[0]);
  const auto channels = static_cast<std::size_t>(dims[1]);
  const auto blocked = [&](Tag tag, std::size_t block) {
    return PlaneLayout{tag, batch * ((channels + block - 1) / block), block};
  };
  for (const PlaneLayout& layout : {blocked(Tag::nChw8c, 8), blocked(Tag::nChw16c, 16),
                                    PlaneLayout{Tag::nhwc, batch, channels}, blocked(Tag::nchw, 1)})
    if (desc == dnnl::memory::desc(dims, desc.data_type(), layout.tag)) return layout;
  return std::nullopt;
}

}  // namespace rondo::nn::cpu
