// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/direct_state.hpp"

#include <algorithm>

#include "rondo/base/error.hpp"

namespace rondo::train {

DirectState::DirectState(const comm::Communicator& comm, Session& session, int ranks)
    : IncomingState(comm, session, ranks),
      values_(session.arena().values()),
      former_(session.arena().grads()) {
  require(session.applied_steps() == 0, "DirectState: the session has made a step");
}

DirectState::~DirectState() {
  if (!taken_) put_back();
  // Where gradients' memory was given back, whoever sums them counts on zeros.
  for (const grad::ElementRange& range : changed_)
    std::ranges::fill(former_.subspan(range.begin, range.size()), 0.0F);
}

void DirectState::store_values(std::size_t begin, std::span<const float> elements) {
  const auto values = values_.subspan(begin, elements.size());
  changed_.push_back({begin, begin + elements.size()});
  std::ranges::copy(values, former_.subspan(begin, elements.size()).begin());
  std::ranges::copy(elements, values.begin());
}

void DirectState::store_slot(const StateEntry& entry, std::size_t first,
                             std::span<const float> elements) {
  session().optimizer_state().store(entry.slot, entry.index, first, elements);
}

void DirectState::take() {
  taken_ = true;
}

void DirectState::put_back() noexcept {
  for (const grad::ElementRange& range : changed_)
    std::ranges::copy(former_.subspan(range.begin, range.size()),
                      values_.begin() + static_cast<std::ptrdiff_t>(range.begin));
  session().optimizer_state().clear();
}

}  // namespace rondo::train
