// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/compression_state.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "train/optimizer_state.hpp"

namespace rondo::train {

inline constexpr std::string_view identity_prefix = "run.";
inline constexpr std::string_view condition_prefix = "condition.";
inline constexpr std::string_view note_prefix = "note.";

/// A tensor of a session's state as a checkpoint has it.
struct StateEntry {
  enum class Kind : std::uint8_t { value, slot, residual };

  checkpoint::TensorSpec spec;
  Kind kind = Kind::value;
  std::size_t index = 0;  ///< of the parameter, or among the compressor's tensors
  std::size_t slot = 0;
};

/// All of them, in the order of the file: values and slots of each parameter, then what a
/// compressor of so many ranks remembers.
std::vector<StateEntry> state_entries(Session& session, int ranks);

/// What belongs to a session's state and does not lie whole in rank 0's arena.
struct Gathered {
  OptimizerState::Whole slots;
  grad::SavedState compression;  // no tensors without compression
};

/// Brings it to rank 0, all values included. Collective. \throws AgreedError  no memory
Gathered gather(comm::Communicator& comm, Session& session);

/// The entries' tensors. They view the session and `gathered`.
std::vector<checkpoint::Tensor> tensors_of(Session& session, Gathered& gathered);

/// The session's counters, then identity and record.
checkpoint::Metadata metadata_of(const comm::Communicator& comm, const Session& session,
                                 const RunIdentity& identity, const RunRecord& record);

}  // namespace rondo::train
