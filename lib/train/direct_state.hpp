// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/grad/layout.hpp"

#include "train/incoming_state.hpp"

namespace rondo::train {

/// Puts what comes where it belongs, in a session without a step, which needs no new memory: its
/// slots are zeros, and what values there were waits in the memory of gradients that nobody has.
class DirectState : public IncomingState {
 public:
  /// \throws UsageError  the session has made a step
  DirectState(const comm::Communicator& comm, Session& session, int ranks);
  ~DirectState() override;

 private:
  void store_values(std::size_t begin, std::span<const float> elements) override;
  void store_slot(const StateEntry& entry, std::size_t first,
                  std::span<const float> elements) override;
  void take() override;
  void put_back() noexcept;

  std::span<float> values_;
  std::span<float> former_;
  std::vector<grad::ElementRange> changed_;  // of the values
  bool taken_ = false;
};

}  // namespace rondo::train
