// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/device_state.hpp"

#include <span>

#include <fmt/format.h>

namespace rondo::train {

DeviceState::DeviceState(const DeviceSite& site, grad::Arena& arena,
                         const optim::Optimizer& optimizer)
    : site_(site),
      host_(arena),
      pieces_(grad::device_pieces(site.device, arena.layout())),
      grads_(site.comm.allocate(arena.layout().elements() * sizeof(float), "the gradients")),
      values_(site.device, arena.layout().elements(), "the parameters"),
      copy_(site.device, arena.copy().size(), "the parameters in bf16") {
  for (const std::string_view name : optimizer.slot_names()) {
    slots_.emplace_back(site.device, values_.size(), fmt::format("the optimizer's {}", name));
    slot_views_.push_back(slots_.back().span());
  }
  if (optimizer.scope() == optim::Scope::norms) norms_.emplace(site.device, pieces_);
}

grad::DeviceGradients DeviceState::gradients() noexcept {
  return {.device = site_.device,
          .stream = site_.stream,
          .comm = site_.comm,
          .pieces = pieces_,
          .grads = {reinterpret_cast<float*>(grads_->bytes().data()), values_.size()}};
}

optim::DeviceArena DeviceState::arena() noexcept {
  return {.values = values_.span(),
          .grads = gradients().grads,
          .slots = slot_views_,
          .copy = copy_.span(),
          .norms = norms_ ? &*norms_ : nullptr};
}

std::vector<DeviceParameterView> DeviceState::views() {
  std::vector<DeviceParameterView> all;
  for (std::size_t i = 0; i < host_.specs().size(); ++i) {
    const grad::ElementRange range = host_.layout().parameter(i);
    const auto part = [range](auto memory) { return memory.subspan(range.begin, range.size()); };
    all.push_back({.value = part(values_.span()),
                   .grad = part(gradients().grads),
                   .copy = host_.copy().empty() ? DeviceSpan<bfloat16>() : part(copy_.span())});
  }
  return all;
}

void DeviceState::fetch_values() {
  copy<float>(site_.stream, values_.span(), host_.values());
  copy<bfloat16>(site_.stream, copy_.span(), host_.copy());
  site_.stream.wait();
}

void DeviceState::send_values() {
  copy<float>(site_.stream, host_.values(), values_.span());
  copy<bfloat16>(site_.stream, host_.copy(), copy_.span());
  site_.stream.wait();
}

std::size_t DeviceState::bytes() const noexcept {
  return values_.size() * sizeof(float) * (1 + slots_.size()) + copy_.size() * sizeof(bfloat16);
}

}  // namespace rondo::train
