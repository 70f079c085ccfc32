// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

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

/// Which ranks write a checkpoint. Its bytes are the same.
enum class SaveWriters : std::uint8_t {
  /// All, if all ranks see the directory and may write there, but not several nodes through NFS or
  /// the like; and if it is worth it: rank 0 does not hold all of the state (sharding, or residuals
  /// of compression), or each rank has 8 MiB of it or more to write. Else one.
  automatic,
  one,  ///< rank 0, to which the others send what they alone hold
  all   ///< each rank what it alone holds, and an equal part of the rest
};

constexpr std::string_view name_of(SaveWriters writers) {
  switch (writers) {
    case SaveWriters::automatic: return "auto";
    case SaveWriters::one: return "one";
    case SaveWriters::all: return "all";
  }
  return "?";
}

/// Makes sure that all ranks are about to do the same run.
///
/// Collective. \throws AgreedError  (internal) naming the differences
void check_same_identity(comm::Communicator& comm, const RunIdentity& identity);

/// Which checkpoints stay, and who writes them.
struct Saving {
  checkpoint::Retention retention = {};
  SaveWriters writers = SaveWriters::automatic;
};

/// Writes the session's state after `step` training steps and removes what the retention does not
/// keep; all ranks learn whether it worked. Of `record` that of rank 0 is kept.
///
/// Of several writers none waits longer for another than half of the communicator's time limit;
/// one that fails, or does not come, fails the save.
/// Collective. \throws AgreedError  cannot_create or io; configuration: all are to write, and some
/// do not see rank 0's directory. Earlier checkpoints stay valid
void save(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
          std::uint64_t step, const RunIdentity& identity, const RunRecord& record = {},
          const Saving& saving = {});

/// Brings the session to the newest valid checkpoint below `directory` and returns its step, or
/// nothing if there is none; the checkpoint's notes go to `notes` on rank 0 only.
///
/// All is read once and verified block by block: by all ranks, each a part, if what they see there
/// is what rank 0 sees; else by rank 0. A damaged one is skipped with a warning. Memory, until it
/// returns: a few MiB; of a session that has made steps, the values and the rank's slots once more.
///
/// Collective. \throws AgreedError  configuration: the checkpoint is of another run (all
/// differences listed); bad_content: its tensors do not fit the model, or there are checkpoints but
/// none is valid (listing every reason). The session is unchanged then.
std::optional<std::uint64_t> resume(comm::Communicator& comm, Session& session,
                                    const std::filesystem::path& directory,
                                    const RunIdentity& identity,
                                    const RunConditions& conditions = {}, Notes* notes = nullptr);

/// The number of lanes of the newest checkpoint below `directory`, from its identity's "lanes"; for
/// runs that are resumed without naming it. Rank 0 reads its manifest; one without a good manifest
/// does not count.
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
