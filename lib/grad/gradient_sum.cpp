// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/gradient_sum.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/telemetry/trace.hpp"

#include "grad/buckets.hpp"
#include "grad/device_buckets.hpp"

namespace rondo::grad {

void check_lanes(int ranks, std::size_t lanes) {
  if (static_cast<std::size_t>(ranks) <= lanes) return;
  throw ConfigError(fmt::format(
      "{0} ranks but only {1} lanes: a lane cannot be split over ranks. Start at most {1} ranks "
      "(mpirun -np {1}), or ask for more lanes (--lanes {0}; another number of lanes is another "
      "global batch)",
      ranks, lanes));
}

GradientSum::GradientSum(Arena& arena, comm::Communicator& comm, std::size_t lanes,
                         Reduction reduction, Sharding sharding, Compressor* compressor)
    : GradientSum(arena.layout(), comm, lanes, reduction, [&] {
        return make_host_buckets(arena, comm,
                                 {.lanes = lanes,
                                  .reduction = reduction,
                                  .sharding = sharding,
                                  .compressor = compressor});
      }) {}

GradientSum::GradientSum(const Layout& layout, const DeviceGradients& gradients,
                         comm::Communicator& comm, std::size_t lanes, Reduction reduction,
                         Sharding sharding, DeviceCompressor* compressor)
    : GradientSum(layout, comm, lanes, reduction, [&] {
        return std::make_unique<DeviceBuckets>(layout, gradients, comm, lanes, reduction, sharding,
                                               compressor);
      }) {}

GradientSum::GradientSum(const Layout& layout, comm::Communicator& comm, std::size_t lanes,
                         Reduction reduction, const MakeBuckets& make_buckets)
    : layout_(layout),
      comm_(comm),
      lanes_(lanes),
      reduction_(reduction),
      announced_(layout.specs().size()),
      seen_(layout.specs().size()),
      touching_(layout.buckets().size()),
      starts_(touching_.size()) {
  check_lanes(comm.size(), lanes);
  range_ = comm::lane_range(comm.rank(), comm.size(), lanes);
  next_lane_ = range_.begin;
  buckets_ = make_buckets();
  for (std::size_t p = 0; p < announced_.size(); ++p) {
    const auto [first, last] = layout.buckets_of(layout.parameter(p));
    for (std::size_t b = first; b < last; ++b)
      ++touching_[b];
  }
  outstanding_ = touching_;
}

GradientSum::~GradientSum() = default;

void GradientSum::begin_lane(std::size_t lane, double weight) {
  begin_lanes({lane, lane + 1}, weight);
}

void GradientSum::begin_lanes(comm::LaneRange lanes, double weight) {
  if (in_lane_ || lanes.begin != next_lane_ || lanes.end <= lanes.begin || lanes.end > range_.end)
    throw UsageError(fmt::format("begin_lane({}): this rank runs lanes {} to {} in order, {} next",
                                 lanes.begin, range_.begin, range_.end - 1, next_lane_));
  if (reduction_ == Reduction::fixed && lanes.end - lanes.begin > 1)
    throw UsageError(fmt::format("begin_lanes({} to {}): the fixed order takes lanes one by one",
                                 lanes.begin, lanes.end - 1));
  if (!(weight >= 0 && std::isfinite(weight)))
    throw UsageError(fmt::format("begin_lane({}): a weight must be finite and at least 0, found {}",
                                 lanes.begin, weight));
  in_lane_ = true;
  lanes_end_ = lanes.end;
  has_gradients_ = false;
  if (lanes.begin == range_.begin) {
    buckets_->clear();
    std::ranges::fill(seen_, std::uint8_t{0});
    started_ = 0;
    finished_ = 0;
  }
  std::fill(announced_.begin(), announced_.end(), false);
  std::ranges::copy(touching_, outstanding_.begin());
  buckets_->add_to_trailer(Trailer::weight, static_cast<float>(weight));
}

void GradientSum::ready(std::size_t parameter) {
  require(in_lane_, "ready() outside of a lane");
  if (!std::exchange(has_gradients_, true))
    telemetry::trace_instant(telemetry::Activity::first_gradient, next_lane_);
  const auto [first, last] = layout_.buckets_of(layout_.parameter(parameter));
  if (announced_[parameter])
    throw UsageError(fmt::format("ready() twice in one lane for parameter '{}'",
                                 layout_.specs()[parameter].name));
  announced_[parameter] = true;
  seen_[parameter] = 1;
  for (std::size_t b = first; b < last; ++b)
    count_ready(b);
  if (on_last_lane()) start_complete_buckets();
  comm_.progress();
  if (on_last_lane()) finish_summed_buckets();
}

void GradientSum::count_ready(std::size_t bucket) {
  const bool complete = --outstanding_[bucket] == 0;
  // The last bucket carries the step's sums, which are not complete before the lane ends.
  if (complete && !on_last_lane() && bucket + 1 < outstanding_.size())
    buckets_->keep(bucket, next_lane_);
}

void GradientSum::start_complete_buckets() {
  while (started_ + 1 < outstanding_.size() && outstanding_[started_] == 0)
    start_next_bucket(next_lane_);
}

void GradientSum::start_next_bucket(std::size_t last_lane) {
  if (telemetry::is_tracing()) starts_[started_] = telemetry::trace_now();
  buckets_->start(started_++, last_lane);
}

/// Local: what is summed already is measured while the backward pass goes on, and with ZeRO-2 its
/// memory goes back to the system before the later buckets need theirs.
void GradientSum::finish_summed_buckets() {
  while (finished_ < started_ && buckets_->is_summed(finished_)) {
    buckets_->finish(finished_);
    measure_next_bucket();
  }
}

void GradientSum::measure_next_bucket() {
  const ElementRange bucket = layout_.buckets()[finished_];
  telemetry::trace_since(starts_[finished_], telemetry::Activity::bucket, finished_,
                         bucket.size() * sizeof(float));
  buckets_->measure(finished_);
  ++finished_;
}

void GradientSum::end_lane(double loss, double correct) {
  require(in_lane_, "end_lane() without begin_lane()");
  buckets_->add_to_trailer(Trailer::loss, static_cast<float>(loss));
  buckets_->add_to_trailer(Trailer::correct, static_cast<float>(correct));
  leave_lane();
}

void GradientSum::end_lane(DeviceSpan<const float> loss_and_correct) {
  require(in_lane_, "end_lane() without begin_lane()");
  require(loss_and_correct.size() == 2, "end_lane(): the loss and the number of correct samples");
  buckets_->add_to_trailer(loss_and_correct);
  leave_lane();
}

void GradientSum::leave_lane() {
  if (std::ranges::find(announced_, false) == announced_.end())
    buckets_->add_to_trailer(Trailer::complete, 1);
  for (std::size_t b = 0; b < outstanding_.size() && !on_last_lane(); ++b) {
    if (outstanding_[b] > 0 || b + 1 == outstanding_.size()) buckets_->keep(b, next_lane_);
  }
  in_lane_ = false;
  next_lane_ = lanes_end_;
}

StepSums GradientSum::finish(bool stop_wanted) {
  if (in_lane_ || next_lane_ != range_.end)
    throw UsageError(fmt::format("finish(): lane {} of {} to {} was not ended", next_lane_,
                                 range_.begin, range_.end - 1));
  if (stop_wanted) buckets_->add_to_trailer(Trailer::stop, 1);
  while (started_ < outstanding_.size())
    start_next_bucket(range_.end - 1);
  next_lane_ = range_.begin;

  const telemetry::Stopwatch compressed;
  buckets_->finish_compressed();
  times_.spent(telemetry::Cause::communication, compressed.seconds());
  while (finished_ < outstanding_.size()) {
    wait_for_next_bucket();
    measure_next_bucket();
    comm_.progress();
  }
  const telemetry::RankTimes own = times_.arrive();
  const telemetry::TraceSpan exchange(telemetry::Activity::exchange);
  const StepSums sums = buckets_->exchange(own);
  times_.begin();
  return sums;
}

void GradientSum::wait_for_next_bucket() {
  const telemetry::TraceSpan span(telemetry::Activity::bucket_wait, finished_);
  const telemetry::Stopwatch waited;
  buckets_->finish(finished_);
  times_.spent(telemetry::Cause::communication, waited.seconds());
}

std::span<const telemetry::RankTimes> GradientSum::rank_times() const noexcept {
  return buckets_->rank_times();
}

std::vector<std::size_t> GradientSum::unannounced() {
  std::vector<std::uint8_t> seen(seen_.size());
  comm::allreduce(comm_, std::span<const std::uint8_t>(seen_), std::span(seen), comm::ReduceOp::max,
                  {.name = "announced"});
  std::vector<std::size_t> missing;
  for (std::size_t p = 0; p < seen.size(); ++p)
    if (seen[p] == 0) missing.push_back(p);
  return missing;
}

bool GradientSum::is_sharded() const noexcept {
  return buckets_->is_sharded();
}

std::span<float> GradientSum::reduced() noexcept {
  return buckets_->reduced();
}

std::span<const double> GradientSum::squares() const noexcept {
  return buckets_->squares();
}

std::size_t GradientSum::gradient_bytes() const {
  return buckets_->gradient_bytes();
}

std::size_t GradientSum::partial_sum_bytes() const {
  return buckets_->partial_sum_bytes();
}

std::size_t GradientSum::device_bytes() const {
  return buckets_->device_bytes();
}

}  // namespace rondo::grad
