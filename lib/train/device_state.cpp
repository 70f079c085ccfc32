// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/device_state.hpp"

#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace rondo::train {
namespace {

precision::DevicePieces pieces_of(const DeviceSite& site, const grad::Layout& layout,
                                  bool sharded) {
  return sharded ? grad::device_pieces(site.device, layout, site.comm.rank())
                 : grad::device_pieces(site.device, layout);
}

}  // namespace

DeviceState::DeviceState(const DeviceSite& site, grad::Arena& arena,
                         const optim::Optimizer& optimizer, bool sharded)
    : site_(site),
      host_(arena),
      sharded_(sharded),
      transfers_(site.device, "transfers"),
      turn_(site.device),
      pieces_(pieces_of(site, arena.layout(), sharded)),
      grads_(site.comm.allocate(arena.layout().elements() * sizeof(float), "the gradients")),
      values_(site.comm.allocate(arena.layout().elements() * sizeof(float), "the parameters")),
      copy_(site.device, arena.copy().size(), "the parameters in bf16") {
  const std::size_t held = sharded ? arena.layout().shard_elements() : arena.layout().elements();
  for (const std::string_view name : optimizer.slot_names()) {
    slots_.emplace_back(site.device, held, fmt::format("the optimizer's {}", name));
    slot_views_.push_back(slots_.back().span());
  }
  if (optimizer.scope() != optim::Scope::norms) return;
  optim::DeviceNorms::Share share;
  if (sharded) share = [this](DeviceStream& stream, auto norms) { add_norms(stream, norms); };
  norms_.emplace(site.device, pieces_, std::move(share));
}

DeviceSpan<float> DeviceState::floats_of(comm::DeviceArena& memory) const noexcept {
  return {reinterpret_cast<float*>(memory.bytes().data()), host_.layout().elements()};
}

/// By way of the transfers' stream: the communicator works on one at a time.
void DeviceState::add_norms(DeviceStream& stream, DeviceSpan<optim::SquareSums> norms) {
  static_assert(sizeof(optim::SquareSums) == 2 * sizeof(double));
  turn_.record(stream);
  transfers_.wait_for(turn_);
  comm::allreduce_sum<double>(site_.comm, transfers_,
                              {reinterpret_cast<double*>(norms.data()), 2 * norms.size()});
  turn_.record(transfers_);
  stream.wait_for(turn_);
}

grad::DeviceGradients DeviceState::gradients() noexcept {
  return {.device = site_.device,
          .stream = site_.stream,
          .transfers = transfers_,
          .comm = site_.comm,
          .pieces = pieces_,
          .grads = floats_of(*grads_)};
}

optim::DeviceArena DeviceState::arena() noexcept {
  return {.values = values(),
          .grads = floats_of(*grads_),
          .slots = slot_views_,
          .copy = copy_.span(),
          .norms = norms_ ? &*norms_ : nullptr};
}

std::vector<DeviceParameterView> DeviceState::views() {
  std::vector<DeviceParameterView> all;
  for (std::size_t i = 0; i < host_.specs().size(); ++i) {
    const grad::ElementRange range = host_.layout().parameter(i);
    const auto part = [range](auto memory) { return memory.subspan(range.begin, range.size()); };
    all.push_back({.value = part(values()),
                   .grad = part(floats_of(*grads_)),
                   .copy = host_.copy().empty() ? DeviceSpan<bfloat16>() : part(copy_.span())});
  }
  return all;
}

void DeviceState::fetch_values() {
  copy<float>(site_.stream, values(), host_.values());
  copy<bfloat16>(site_.stream, copy_.span(), host_.copy());
  site_.stream.wait();
}

void DeviceState::send_values() {
  copy<float>(site_.stream, host_.values(), values());
  copy<bfloat16>(site_.stream, host_.copy(), copy_.span());
  site_.stream.wait();
}

std::size_t DeviceState::bytes() const noexcept {
  std::size_t slots = 0;
  for (const DeviceMemory<float>& slot : slots_)
    slots += slot.size();
  return (host_.layout().elements() + slots) * sizeof(float) + copy_.size() * sizeof(bfloat16);
}

}  // namespace rondo::train
