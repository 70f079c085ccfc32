// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "rondo/base/collective_file.hpp"
#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// Opens a file for all ranks that MPI started to read together through MPI-IO.
///
/// Collective, and so is its destruction, unless an exception unwinds the stack. `comm` has all
/// these ranks, in MPI's order, and must outlive the file: agreements go through it. The thread
/// that uses the file calls MPI, as the one that uses `comm` does. MPI-IO itself has no deadline;
/// agreements have the communicator's. \throws AgreedError  missing_input: some rank cannot open
/// it; internal: `comm` has not all ranks
std::unique_ptr<CollectiveFile> open_collective_file(Communicator& comm,
                                                     const std::filesystem::path& path);

}  // namespace rondo::comm
