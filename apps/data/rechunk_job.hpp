// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/data/rechunk.hpp"

namespace rondo::apps {

struct RechunkReport {
  std::vector<std::uint64_t> stored_bytes;  ///< of each field
  std::vector<std::string> left_out;        ///< attributes, as RechunkOutput::finish; on rank 0
};

/// Writes `output` from `input` on all ranks, which must share a file system: each encodes its
/// pieces with `threads` threads and writes its chunks itself, where rank 0's HDF5 gives them
/// places. Then each reads back what another one has written and compares the content hash of each
/// chunk's samples. The output appears at the end.
///
/// Collective. Holds a piece for each thread. `progress` is called on rank 0.
/// \throws AgreedError  what failed on any rank; 75 after a stop signal: nothing has changed
RechunkReport rechunk_on_ranks(comm::Communicator& communicator, const data::RechunkInput& input,
                               const std::filesystem::path& output, std::size_t threads,
                               const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace rondo::apps
