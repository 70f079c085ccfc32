// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rondo/comm/communicator.hpp"
#include "rondo/data/batch_loader.hpp"
#include "rondo/data/ledger.hpp"
#include "rondo/train/session_checkpoint.hpp"

namespace rondo::apps {

/// Which samples went into the parameters, for `rondo-data audit`.
///
/// The ledger goes the way of the parameters: into the checkpoint, and out of it on resuming. So
/// what a killed life has trained behind its last checkpoint is in neither. Every start is a life
/// with an id of its own; a checkpoint names the life that wrote it, and the next one its parent.
class Consumption {
 public:
  Consumption();

  /// This rank has used the batch.
  void add(const data::LaneBatch& batch);

  /// What belongs into the checkpoint of now, on rank 0; the others get nothing. Collective.
  train::Notes collect(comm::Communicator& comm);

  /// Goes on from a checkpoint's notes; rank 0 does this. \throws IoError  bad_content
  void restore(const train::Notes& notes);

  const std::string& life() const noexcept { return life_; }
  /// The life whose checkpoint this one goes on from; empty if it began from scratch.
  const std::string& parent() const noexcept { return parent_; }

 private:
  std::string life_;
  std::string parent_;
  data::Ledger whole_;   ///< of all ranks up to the last checkpoint; on rank 0
  data::Ledger recent_;  ///< of this rank since then
};

}  // namespace rondo::apps
