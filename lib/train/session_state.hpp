// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// What belongs to a session's state and does not lie whole in rank 0's arena.
struct Gathered {
  OptimizerState::Whole slots;
  grad::SavedState compression;  // no tensors without compression
};

/// Brings it to rank 0, all values included. Collective. \throws AgreedError  no memory
Gathered gather(comm::Communicator& comm, Session& session);

/// Every tensor of the session by its name in the file: values, slots, then what a compressor
/// remembers. They view the session and `gathered`.
std::vector<checkpoint::Tensor> tensors_of(Session& session, Gathered& gathered);

/// The session's counters, then identity and record.
checkpoint::Metadata metadata_of(const comm::Communicator& comm, const Session& session,
                                 const RunIdentity& identity, const RunRecord& record);

}  // namespace rondo::train
