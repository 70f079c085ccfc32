// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/precision/rounding.hpp"

namespace rondo::train {

/// New values on their way from the owners of their shards to all ranks, bucket by bucket, and into
/// the arena's copy, if it has one. Not thread-safe.
class ValueGather {
 public:
  /// The arena and `comm` must outlive this object. Local.
  ValueGather(grad::Arena& arena, comm::Communicator& comm);

  /// Sends this rank's shard of a bucket and receives the others'. `outgoing` is as long as the
  /// shard and holds its values while they travel: until the bucket's next collective.
  /// Collective: all ranks start the same buckets in the same order.
  void start(std::size_t bucket, std::span<float> outgoing, const precision::RoundingKey& key);

  /// The values of `range` are those of all ranks. Local.
  bool is_complete(grad::ElementRange range) const;
  /// Waits until they are, and advances the rest. \throws CommError  now and whenever they are
  /// asked for again
  void finish(grad::ElementRange range);

  /// Renews the copy where other ranks own the values: they rounded their own parts only. Local.
  void round_received(std::size_t bucket, const precision::RoundingKey& key);

 private:
  void finish_bucket(std::size_t bucket);

  /// A bucket under way; without work, it is complete.
  struct Bucket {
    std::unique_ptr<comm::Work> work = {};
    precision::RoundingKey key = {};
    std::int64_t start = 0;  ///< on telemetry::trace_now()
  };

  grad::Arena& arena_;
  comm::Communicator& comm_;
  std::vector<Bucket> buckets_;
  std::size_t under_way_ = 0;
};

}  // namespace rondo::train
