// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/train/session.hpp"

#include "train/session_state.hpp"

namespace rondo::train {

/// What is to become a session's state once all of it is there: destroyed without commit(), the
/// session is as it was before. Each rank takes what it holds; what a compressor remembers, rank 0
/// takes for all.
class IncomingState {
 public:
  IncomingState(const IncomingState&) = delete;
  IncomingState& operator=(const IncomingState&) = delete;
  virtual ~IncomingState() = default;

  const std::vector<StateEntry>& entries() const noexcept { return entries_; }
  /// Takes elements of an entry, from `first` on, as far as this rank holds them: each one once.
  /// Local.
  void store(std::size_t entry, std::size_t first, std::span<const float> elements);
  /// Makes it the session's; counters and the copy of the values are Session::restore()'s.
  /// Collective. \throws CommError
  void commit(comm::Communicator& comm);

 protected:
  /// `ranks`: that saved what is coming. The session must outlive this. Local.
  IncomingState(const comm::Communicator& comm, Session& session, int ranks);
  Session& session() const noexcept { return session_; }

 private:
  /// `begin`: of the elements, in the arena.
  virtual void store_values(std::size_t begin, std::span<const float> elements) = 0;
  virtual void store_slot(const StateEntry& entry, std::size_t first,
                          std::span<const float> elements) = 0;
  virtual void take() = 0;

  Session& session_;
  std::vector<StateEntry> entries_;
  grad::SavedState compression_;
};

/// In the session's own memory, if it has made no step yet, else in memory apart. Local.
std::unique_ptr<IncomingState> incoming_state(const comm::Communicator& comm, Session& session,
                                              int ranks);

}  // namespace rondo::train
