// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "rondo/checkpoint/reader.hpp"
#include "rondo/comm/communicator.hpp"

#include "train/load_plan.hpp"

namespace rondo::train {

/// A checkpoint that is open where it is read: on all ranks, or, where some do not see what rank 0
/// sees under its name, or the checkpoint is of a version that is verified whole, on rank 0.
struct SharedReader {
  std::optional<checkpoint::Reader> reader;
  int readers = 1;                 ///< ranks that read
  std::size_t block_elements = 0;  ///< see LoadPlan::Options
};

/// Opens the checkpoint. What is wrong with it, if it cannot be opened on rank 0, on all ranks.
///
/// Collective. \throws AgreedError  another failure than a checkpoint's
std::optional<std::string> open_together(comm::Communicator& comm,
                                         const std::filesystem::path& directory,
                                         SharedReader& opened);

/// Takes elements of the checkpoint's tensor of that number, from the given one on.
using TakeElements =
    std::function<void(std::size_t tensor, std::size_t first, std::span<const float> elements)>;

/// Reads everything once, verified, and hands all of it to `take` on every rank; the
/// disk, or threads, read on while ranks exchange what they have read. What is wrong with the
/// checkpoint, on all ranks, if it turns out to be damaged.
///
/// Memory: a few shares on every rank, and one of each reader where ranks do not share memory.
/// Collective. \throws AgreedError  another failure than a checkpoint's
std::optional<std::string> read_together(comm::Communicator& comm, const SharedReader& opened,
                                         const LoadPlan& plan, const TakeElements& take);

}  // namespace rondo::train
