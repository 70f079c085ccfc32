// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "rondo/checkpoint/writers.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "train/load_plan.hpp"

/// Who writes a checkpoint, see SaveWriters.
namespace rondo::train {

/// Whether all ranks are to write, by `writers` and by what they see of `directory`.
///
/// Collective. \throws AgreedError  cannot_create or io: the directory cannot be made;
///                                  configuration: SaveWriters::all, but not all ranks see it
bool all_write(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
               SaveWriters writers);

/// Whether so many elements, which rank 0 could write alone, are worth the work of all ranks.
bool is_much(std::size_t elements, int ranks);

/// What one rank does of a save. The pieces view the session.
struct OwnPart {
  checkpoint::Writer writer;
  std::vector<checkpoint::TensorSpec> tensors;
  std::vector<checkpoint::Piece> pieces;
};

/// This rank's shards and its own residuals, and of what all ranks have alike a part. Collective.
OwnPart own_part(comm::Communicator& comm, Session& session);

/// As train::save(), by all ranks or by rank 0 for all. Collective.
void save_by_all(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
                 std::uint64_t step, const checkpoint::Metadata& metadata,
                 const checkpoint::Retention& retention);
void save_by_one(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
                 std::uint64_t step, const checkpoint::Metadata& metadata,
                 const checkpoint::Retention& retention);

/// Who writes what of tensors that all ranks have alike, of so many elements each. Local.
LoadPlan shares_of_writers(std::span<const std::size_t> tensors, int ranks);

}  // namespace rondo::train
