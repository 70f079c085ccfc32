// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/gradient_sum.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

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
                         Reduction reduction)
    : arena_(arena),
      comm_(comm),
      lanes_(lanes),
      reduction_(reduction),
      announced_(arena.specs().size()),
      bucket_of_(arena.specs().size()),
      outstanding_(arena.buckets().size()) {
  check_lanes(comm.size(), lanes);
  range_ = comm::lane_range(comm.rank(), comm.size(), lanes);
  next_lane_ = range_.begin;
  for (std::size_t b = 0; b < arena.buckets().size(); ++b) {
    for (const std::size_t parameter : arena.buckets()[b].parameters)
      bucket_of_[parameter] = b;
  }
}

std::span<float> GradientSum::trailer(const Bucket& bucket) {
  return arena_.grads().subspan(bucket.trailer, Trailer::elements);
}

void GradientSum::begin_lane(std::size_t lane, double weight) {
  if (in_lane_ || lane != next_lane_ || lane == range_.end)
    throw UsageError(fmt::format("begin_lane({}): this rank runs lanes {} to {} in order, {} next",
                                 lane, range_.begin, range_.end - 1, next_lane_));
  in_lane_ = true;
  const bool first = lane == range_.begin;
  if (first && reduction_ == Reduction::fixed) tree_.emplace(lanes_, arena_.grads().size());
  if (first || reduction_ == Reduction::fixed) std::ranges::fill(arena_.grads(), 0.0F);

  std::fill(announced_.begin(), announced_.end(), false);
  for (std::size_t b = 0; b < outstanding_.size(); ++b) {
    outstanding_[b] = arena_.buckets()[b].parameters.size();
    trailer(arena_.buckets()[b])[Trailer::weight] += static_cast<float>(weight);
  }
}

void GradientSum::ready(std::size_t parameter) {
  require(in_lane_, "ready() outside of a lane");
  if (announced_.at(parameter))
    throw UsageError(fmt::format("ready() twice in one lane for parameter '{}'",
                                 arena_.specs()[parameter].name));
  announced_[parameter] = true;
  --outstanding_[bucket_of_[parameter]];
  if (on_last_lane() && reduction_ == Reduction::fast) start_complete_buckets();
  comm_.progress();
}

void GradientSum::start_complete_buckets() {
  // The last bucket carries the step's sums, which are known in finish() only.
  const std::size_t early = arena_.buckets().size() - 1;
  while (started_ < early && outstanding_[started_] == 0)
    start(arena_.buckets()[started_]);
}

void GradientSum::start(const Bucket& bucket) {
  const auto data = arena_.grads().subspan(bucket.begin, bucket.end - bucket.begin);
  const std::string name = fmt::format("bucket {}", started_);
  works_.push_back(comm_.allreduce(std::as_writable_bytes(data), DType::f32, comm::ReduceOp::sum,
                                   {.name = name}));
  ++started_;
}

void GradientSum::end_lane(double loss, double correct) {
  require(in_lane_, "end_lane() without begin_lane()");
  const auto sums = trailer(arena_.buckets().back());
  sums[Trailer::loss] += static_cast<float>(loss);
  sums[Trailer::correct] += static_cast<float>(correct);
  // The last lane joins the tree in finish(), together with the wish to stop.
  if (reduction_ == Reduction::fixed && !on_last_lane()) tree_->add(next_lane_, arena_.grads());
  in_lane_ = false;
  ++next_lane_;
}

StepSums GradientSum::finish(bool stop_wanted) {
  if (in_lane_ || next_lane_ != range_.end)
    throw UsageError(fmt::format("finish(): lane {} of {} to {} was not ended", next_lane_,
                                 range_.begin, range_.end - 1));
  const auto sums = trailer(arena_.buckets().back());
  sums[Trailer::stop] = stop_wanted ? 1.0F : 0.0F;

  if (reduction_ == Reduction::fixed) {
    reduce_in_lane_order();
  } else {
    while (started_ < arena_.buckets().size())
      start(arena_.buckets()[started_]);
    for (auto& work : works_)
      comm::wait(comm_, *work);
  }
  works_.clear();
  started_ = 0;
  next_lane_ = range_.begin;
  return {.weight = sums[Trailer::weight],
          .loss = sums[Trailer::loss],
          .correct = sums[Trailer::correct],
          .stop = sums[Trailer::stop] > 0};
}

void GradientSum::reduce_in_lane_order() {
  tree_->add(range_.end - 1, arena_.grads());
  comm::wait(comm_, *comm_.allreduce_lanes(tree_->nodes(), lanes_, arena_.grads()));
}

}  // namespace rondo::grad
