// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/incoming_state.hpp"

#include <algorithm>

#include "train/direct_state.hpp"
#include "train/staged_state.hpp"

namespace rondo::train {

IncomingState::IncomingState(const comm::Communicator& comm, Session& session, int ranks)
    : session_(session), entries_(state_entries(session, ranks)) {
  if (session.compressor() != nullptr && is_root(comm))
    compression_ = grad::blank_state(*session.compressor(), ranks);
}

void IncomingState::store(std::size_t entry, std::size_t first, std::span<const float> elements) {
  const StateEntry& one = entries_[entry];
  switch (one.kind) {
    case StateEntry::Kind::value:
      return store_values(session_.arena().layout().parameter(one.index).begin + first, elements);
    case StateEntry::Kind::slot: return store_slot(one, first, elements);
    case StateEntry::Kind::residual:
      if (compression_.tensors.empty()) return;
      std::ranges::copy(elements,
                        compression_.tensors[one.index].values.span().subspan(first).begin());
  }
}

void IncomingState::commit(comm::Communicator& comm) {
  if (session_.compressor() != nullptr)
    grad::scatter_state(comm, compression_, *session_.compressor());
  take();
}

std::unique_ptr<IncomingState> incoming_state(const comm::Communicator& comm, Session& session,
                                              int ranks) {
  if (session.applied_steps() == 0 && !session.is_on_device())
    return std::make_unique<DirectState>(comm, session, ranks);
  return std::make_unique<StagedState>(comm, session, ranks);
}

}  // namespace rondo::train
