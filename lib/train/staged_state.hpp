// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "train/incoming_state.hpp"
#include "train/pages.hpp"

namespace rondo::train {

/// Keeps what comes apart from the session, which is in use, until all of it is there.
class StagedState : public IncomingState {
 public:
  StagedState(const comm::Communicator& comm, Session& session, int ranks);

 private:
  void store_values(std::size_t begin, std::span<const float> elements) override;
  void store_slot(const StateEntry& entry, std::size_t first,
                  std::span<const float> elements) override;
  void take() override;

  Pages values_;  // as in the arena
  std::vector<Pages> slots_;
};

}  // namespace rondo::train
