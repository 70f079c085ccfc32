// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/optimizer_state.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/base/resident_memory.hpp"
#include "rondo/comm/agree.hpp"

namespace rondo::train {
namespace {

constexpr std::size_t line_elements = cache_line_bytes / sizeof(float);

std::ptrdiff_t offset(std::size_t place) {
  return static_cast<std::ptrdiff_t>(place);
}

}  // namespace

std::vector<grad::ElementRange> OptimizerState::places_of(const grad::Layout& layout,
                                                          const optim::Optimizer& optimizer,
                                                          std::size_t k) {
  std::vector<grad::ElementRange> places;
  std::size_t cursor = 0;
  for (const ParameterSpec& spec : layout.specs()) {
    const std::size_t count = spec.role == ParameterRole::statistic
                                  ? 0
                                  : element_count(optimizer.slot_shape(k, spec.shape));
    places.push_back({cursor, cursor + count});
    cursor = round_up(cursor + count, line_elements);
  }
  return places;
}

OptimizerState::OptimizerState(const grad::Layout& layout, const optim::Optimizer& optimizer,
                               int rank, bool sharded)
    : layout_(layout),
      sharded_(sharded),
      holding_(sharded ? Holding::shards(layout, rank) : Holding::everything(layout)) {
  const bool own_shapes = optimizer.scope() == optim::Scope::parameter;
  require(!own_shapes || !sharded, "slots of whole parameters cannot be sharded");
  for (std::size_t k = 0; k < optimizer.slot_names().size(); ++k) {
    if (own_shapes) places_.push_back(places_of(layout, optimizer, k));
    slots_.emplace_back(own_shapes ? places_[k].back().end : holding_.elements());
  }
  clear();  // touched here, not in the first step
}

void OptimizerState::clear() noexcept {
  for (Pages& slot : slots_)
    std::ranges::fill(slot.span(), 0.0F);
}

std::size_t OptimizerState::planned_bytes(const grad::Layout& layout,
                                          const optim::Optimizer& optimizer, bool sharded) {
  const std::size_t held = sharded ? layout.shard_elements() : layout.elements();
  std::size_t elements = 0;
  for (std::size_t k = 0; k < optimizer.slot_names().size(); ++k)
    elements += optimizer.scope() == optim::Scope::parameter
                    ? places_of(layout, optimizer, k).back().end
                    : held;
  return elements * sizeof(float);
}

std::size_t OptimizerState::resident_bytes() const {
  std::size_t bytes = 0;
  for (const Pages& slot : slots_)
    bytes += rondo::resident_bytes(std::as_bytes(slot.span()));
  return bytes;
}

std::span<float> OptimizerState::of(std::size_t k, const Run& run) {
  if (places_.empty()) return slots_[k].span().subspan(run.local, run.range.size());
  const grad::ElementRange place = places_[k][run.parameter];
  return slots_[k].span().subspan(place.begin, place.size());
}

std::span<float> OptimizerState::part_of(std::size_t k, const Part& part) {
  return slots_[k].span().subspan(part.local, part.range.size());
}

std::span<float> OptimizerState::Whole::of(std::size_t k, std::size_t parameter) {
  const grad::ElementRange range = state_.layout_.parameter(parameter);
  if (state_.sharded_) return copies_.at(k).span().subspan(range.begin, range.size());
  return state_.of(k, {.parameter = parameter, .range = range, .pieces = {}, .local = range.begin});
}

OptimizerState::Whole OptimizerState::make_whole(comm::Communicator& comm) {
  Whole whole(*this);
  if (!sharded_) return whole;
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    for (std::size_t k = 0; k < slots_.size(); ++k)
      whole.copies_.emplace_back(layout_.elements());
  });
  return whole;
}

OptimizerState::Whole OptimizerState::gather(comm::Communicator& comm) {
  Whole whole = make_whole(comm);
  if (!sharded_) return whole;
  for (std::size_t k = 0; k < slots_.size(); ++k) {
    for (std::size_t b = 0; b < holding_.parts().size(); ++b) {
      const grad::ElementRange bucket = layout_.buckets()[b];
      std::vector<float> all(bucket.size());
      comm::allgather(comm, std::span<const float>(part_of(k, holding_.parts()[b])),
                      std::span(all));
      if (is_root(comm)) std::ranges::copy(all, whole.copies_[k].data() + bucket.begin);
    }
  }
  return whole;
}

std::vector<Pages> OptimizerState::stage() const {
  std::vector<Pages> staged;
  for (const Pages& slot : slots_)
    staged.emplace_back(slot.span().size());
  return staged;
}

void OptimizerState::store(std::vector<Pages>& staged, std::size_t k, std::size_t parameter,
                           std::size_t first, std::span<const float> elements) const {
  const std::span<float> slot = staged[k].span();
  if (!places_.empty()) {
    std::ranges::copy(elements, slot.begin() + offset(places_[k][parameter].begin + first));
    return;
  }
  const std::size_t begin = layout_.parameter(parameter).begin + first;
  const std::size_t end = begin + elements.size();
  const auto ends_before = [](const Part& part, std::size_t place) {
    return part.range.end <= place;
  };
  const auto& parts = holding_.parts();
  for (auto part = std::lower_bound(parts.begin(), parts.end(), begin, ends_before);
       part != parts.end() && part->range.begin < end; ++part) {
    const std::size_t from = std::max(begin, part->range.begin);
    const std::size_t to = std::min(end, part->range.end);
    std::ranges::copy(elements.subspan(from - begin, to - from),
                      slot.begin() + offset(part->local + from - part->range.begin));
  }
}

}  // namespace rondo::train
