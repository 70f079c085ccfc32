// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "rondo/comm/tuning.hpp"

#include "common/options.hpp"
#include "rondo_bench/race.hpp"
#include "rondo_bench/shape.hpp"

namespace rondo::bench {

enum class BufferKind { arena, private_memory };

/// What `rondo-bench allreduce` and its like measure, and how.
struct CollectiveOptions {
  comm::Collective collective = comm::Collective::allreduce;

  std::size_t min_bytes = 8;
  std::size_t max_bytes = std::size_t{256} << 20;
  std::size_t factor = 4;
  DType dtype = DType::f32;
  comm::ReduceOp op = comm::ReduceOp::sum;
  BufferKind buffers = BufferKind::arena;
  bool in_place = false;
  int root = 0;

  std::string algorithm = "auto";  ///< or a name, or "all"
  comm::Wire wire = comm::Wire::exact;
  bool compare = true;  ///< with the MPI library
  bool explain = false;
  bool probe_limit = true;
  double link_bytes_per_second = 0;  ///< 0: measured

  RaceOptions race = {};
  std::filesystem::path json = {};
};

std::string_view name_of(BufferKind buffers);

/// All but `collective`, which is chosen already.
void declare(apps::Options& options, CollectiveOptions& values);

/// For options that only together make no sense. \throws AgreedError  usage
void require_consistent(const CollectiveOptions& options, int ranks);

/// From the least size to the greatest, none twice, on so many ranks.
std::vector<Shape> shapes_of(const CollectiveOptions& options, int ranks);

/// `automatic`, all that fit the place with `automatic` in front, or the one of that name.
std::vector<comm::Algorithm> algorithms_named(const std::string& name, comm::Collective collective,
                                              const comm::Place& place);

}  // namespace rondo::bench
