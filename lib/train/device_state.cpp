// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/device_state.hpp"

#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "train/optimizer_state.hpp"

namespace rondo::train {
namespace {

precision::DevicePieces pieces_of(const DeviceSite& site, const grad::Layout& layout,
                                  bool sharded) {
  return sharded ? grad::device_pieces(site.device, layout, site.comm.rank())
                 : grad::device_pieces(site.device, layout);
}

/// As the pieces number the parameters: in the order of the arena.
std::vector<optim::FactoredParameter> factored_parameters(
    const grad::Layout& layout, const optim::Optimizer& optimizer,
    const std::vector<std::vector<grad::ElementRange>>& places) {
  std::vector<optim::FactoredParameter> all;
  for (std::size_t i = layout.specs().size(); i-- > 0;)
    all.push_back(
        optim::factored_parameter(optimizer, layout.specs()[i], layout.parameter(i).begin,
                                  {places[0][i].begin, places[1][i].begin, places[2][i].begin}));
  return all;
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
  add_slots(optimizer);
}

void DeviceState::add_slots(const optim::Optimizer& optimizer) {
  if (optimizer.scope() == optim::Scope::parameter) return add_factors(optimizer);
  const grad::Layout& layout = host_.layout();
  const std::size_t held = sharded_ ? layout.shard_elements() : layout.elements();
  for (const std::string_view name : optimizer.slot_names())
    add_slot(name, held);
  if (optimizer.scope() != optim::Scope::norms) return;
  optim::DeviceNorms::Share share;
  if (sharded_) share = [this](DeviceStream& stream, auto norms) { add_norms(stream, norms); };
  norms_.emplace(site_.device, pieces_, std::move(share));
}

void DeviceState::add_slot(std::string_view name, std::size_t elements) {
  slots_.emplace_back(site_.device, elements, fmt::format("the optimizer's {}", name));
  slot_views_.push_back(slots_.back().span());
}

void DeviceState::add_factors(const optim::Optimizer& optimizer) {
  std::vector<std::vector<grad::ElementRange>> places;
  for (const std::string_view name : optimizer.slot_names()) {
    places.push_back(OptimizerState::places_of(host_.layout(), optimizer, places.size()));
    add_slot(name, places.back().back().end);
  }
  factors_.emplace(site_.device, pieces_, factored_parameters(host_.layout(), optimizer, places));
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
          .norms = norms_ ? &*norms_ : nullptr,
          .factors = factors_ ? &*factors_ : nullptr};
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
  return (host_.layout().elements() + slots) * sizeof(float) + copy_.size() * sizeof(bfloat16) +
         (factors_ ? factors_->bytes() : 0);
}

}  // namespace rondo::train
