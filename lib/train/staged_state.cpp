// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/staged_state.hpp"

#include <algorithm>
#include <utility>

namespace rondo::train {

StagedState::StagedState(const comm::Communicator& comm, Session& session, int ranks)
    : IncomingState(comm, session, ranks),
      values_(session.arena().layout().elements()),
      slots_(session.optimizer_state().stage()) {}

void StagedState::store_values(std::size_t begin, std::span<const float> elements) {
  std::ranges::copy(elements, values_.span().subspan(begin).begin());
}

void StagedState::store_slot(const StateEntry& entry, std::size_t first,
                             std::span<const float> elements) {
  session().optimizer_state().store(slots_, entry.slot, entry.index, first, elements);
}

void StagedState::take() {
  grad::Arena& arena = session().arena();
  for (std::size_t i = 0; i < arena.specs().size(); ++i) {
    const grad::ElementRange range = arena.layout().parameter(i);
    std::ranges::copy(values_.span().subspan(range.begin, range.size()),
                      arena.view(i).value.begin());
  }
  session().optimizer_state().replace(std::move(slots_));
}

}  // namespace rondo::train
