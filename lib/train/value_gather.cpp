// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/value_gather.hpp"

#include <algorithm>

#include "rondo/telemetry/trace.hpp"

namespace rondo::train {

ValueGather::ValueGather(grad::Arena& arena, comm::Communicator& comm)
    : arena_(arena), comm_(comm), buckets_(arena.layout().buckets().size()) {}

void ValueGather::start(std::size_t bucket, std::span<float> outgoing,
                        const precision::RoundingKey& key) {
  const grad::ElementRange whole = arena_.layout().buckets()[bucket];
  const grad::ElementRange mine = arena_.layout().shard(whole, comm_.rank());
  std::ranges::copy(arena_.values().subspan(mine.begin, mine.size()), outgoing.begin());
  const auto all = arena_.values().subspan(whole.begin, whole.size());
  buckets_[bucket] = {.work = comm_.allgather(std::as_bytes(outgoing), std::as_writable_bytes(all),
                                              {.name = "values"}),
                      .key = key,
                      .start = telemetry::is_tracing() ? telemetry::trace_now() : 0};
  ++under_way_;
}

bool ValueGather::is_complete(grad::ElementRange range) const {
  const auto [first, last] = arena_.layout().buckets_of(range);
  return std::all_of(buckets_.begin() + static_cast<std::ptrdiff_t>(first),
                     buckets_.begin() + static_cast<std::ptrdiff_t>(last),
                     [](const Bucket& bucket) { return bucket.work == nullptr; });
}

/// From the end of the arena to its beginning, as they were started.
void ValueGather::finish(grad::ElementRange range) {
  if (under_way_ == 0) return;
  const auto [first, last] = arena_.layout().buckets_of(range);
  for (std::size_t bucket = last; bucket-- > first;)
    finish_bucket(bucket);
  comm_.progress();
}

void ValueGather::finish_bucket(std::size_t bucket) {
  auto& [work, key, start] = buckets_[bucket];
  if (!work) return;
  comm::wait(comm_, *work);
  work.reset();
  telemetry::trace_since(start, telemetry::Activity::values, bucket,
                         arena_.layout().buckets()[bucket].size() * sizeof(float));
  --under_way_;
  round_received(bucket, key);
}

void ValueGather::round_received(std::size_t bucket, const precision::RoundingKey& key) {
  if (arena_.copy().empty()) return;
  const grad::ElementRange whole = arena_.layout().buckets()[bucket];
  const grad::ElementRange mine = arena_.layout().shard(whole, comm_.rank());
  for (const grad::ElementRange range :
       {grad::ElementRange{whole.begin, mine.begin}, grad::ElementRange{mine.end, whole.end}})
    precision::round_to_copy(arena_.values().subspan(range.begin, range.size()),
                             arena_.copy().subspan(range.begin, range.size()),
                             {key.seed, key.step, range.begin});
}

}  // namespace rondo::train
