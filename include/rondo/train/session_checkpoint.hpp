// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {

/// What must be the same when a run goes on: model, data, lanes, seed, ... as text, by option name.
/// The number of ranks does not belong here.
using RunIdentity = std::map<std::string, std::string>;

/// What may be another when a run goes on, and changes its bits: threads a rank, ... as text, by
/// name. A change is a warning.
using RunConditions = std::map<std::string, std::string>;

/// What a trainer keeps beside the session's state and gets back with it: text by name.
using Notes = std::map<std::string, std::string>;

/// What a checkpoint holds of a run besides its state and identity.
struct RunRecord {
  RunConditions conditions = {};
  Notes notes = {};
};

/// Makes sure that all ranks are about to do the same run.
///
/// Collective. \throws AgreedError  (internal) naming the differences
void check_same_identity(comm::Communicator& comm, const RunIdentity& identity);

/// Writes the session's state after `step` training steps and removes what `retention` does not
/// keep; rank 0 writes, all ranks learn whether it worked. Of `record` that of rank 0 is kept.
///
/// Collective. \throws AgreedError  cannot_create or io; earlier checkpoints stay valid
void save(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
          std::uint64_t step, const RunIdentity& identity, const RunRecord& record = {},
          const checkpoint::Retention& retention = {});

/// Brings the session to the newest valid checkpoint below `directory` and returns its step, or
/// nothing if there is none. Rank 0 reads, the others receive; the checkpoint's notes go to
/// `notes` on rank 0 only.
///
/// Collective. \throws AgreedError  configuration: the checkpoint is of another run (all
/// differences listed); bad_content: its tensors do not fit the model. The session is unchanged
/// then.
std::optional<std::uint64_t> resume(comm::Communicator& comm, Session& session,
                                    const std::filesystem::path& directory,
                                    const RunIdentity& identity,
                                    const RunConditions& conditions = {}, Notes* notes = nullptr);

/// The number of lanes of the newest valid checkpoint below `directory`, from its identity's
/// "lanes"; for runs that are resumed without naming it. Rank 0 reads.
///
/// Collective. \throws AgreedError  bad_content
std::optional<std::size_t> stored_lanes(comm::Communicator& comm,
                                        const std::filesystem::path& directory);

/// The bucket size of the run that wrote that checkpoint, if it ran on as many ranks: with
/// Reduction::fast it belongs to what gives a resumed run the bits of one without a stop.
///
/// Collective. \throws AgreedError  bad_content
std::optional<std::size_t> stored_bucket_bytes(comm::Communicator& comm,
                                               const std::filesystem::path& directory);

}  // namespace rondo::train
