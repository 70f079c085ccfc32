// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/comm/communicator.hpp"

#include "rondo_bench/collective_options.hpp"
#include "rondo_bench/figures.hpp"
#include "rondo_bench/mpi_peer.hpp"
#include "rondo_bench/pattern.hpp"

namespace rondo::bench {

/// Measures one collective at one size after the other, on buffers that it allocates once.
///
/// Collective in all its members, the destructor too.
class CollectiveBench {
 public:
  /// For shapes of up to `largest`. The options outlive it.
  CollectiveBench(comm::Communicator& comm, const CollectiveOptions& options, const Shape& largest);

  /// The figures of every algorithm asked for that can do it, in the order of their list.
  std::vector<Figures> measure(const Shape& shape);

  /// What the library says about its choice.
  std::string explain(const Shape& shape);

 private:
  Workload workload(std::span<std::byte> memory, const Shape& shape, const Pattern* pattern) const;
  Contender own(comm::Algorithm algorithm, Workload& buffers);
  void drop_what_cannot_run(Workload& buffers);
  std::span<std::byte> own_memory();
  comm::Call call_on(const BufferSet& set, comm::Algorithm algorithm) const;
  std::vector<Figures> figures_of_all(const Shape& shape, std::span<const Contender> contenders,
                                      std::size_t own_count, const std::vector<Lap>& laps) const;

  comm::Communicator& comm_;
  const CollectiveOptions& options_;
  std::size_t rotation_bytes_;
  std::vector<comm::Algorithm> algorithms_;
  double link_bytes_per_second_ = 0;  // 0: one node

  std::unique_ptr<comm::Memory> arena_;
  AlignedBuffer<std::byte> private_;
  AlignedBuffer<std::byte> peer_memory_;
  std::unique_ptr<comm::Memory> limit_memory_;

  Pattern pattern_;
  std::optional<Pattern> peer_pattern_;
  std::optional<MpiPeer> peer_;
};

}  // namespace rondo::bench
