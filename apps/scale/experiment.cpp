// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/experiment.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <span>
#include <thread>

#include "rondo/telemetry/counters.hpp"

namespace rondo::scale {
namespace {

/// As a barrier, but for those who wait long: they leave their core to the others.
void wait_asleep(comm::Communicator& comm) {
  const std::unique_ptr<comm::Work> barrier = comm.barrier();
  while (!barrier->done())
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  comm::wait(comm, *barrier);
}

/// That this process has used.
double cpu_seconds() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The steps of all ranks; ranks that made none have none.
Steps gather(comm::Communicator& comm, const std::vector<StepTimes>& own, std::size_t steps) {
  static_assert(sizeof(StepTimes) == 4 * sizeof(double));
  constexpr StepTimes none{.data = -1};
  std::vector<StepTimes> padded = own;
  padded.resize(steps, none);
  std::vector<StepTimes> all(steps * static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span<const StepTimes>(padded), std::span(all));
  Steps by_rank;
  for (auto rank = all.begin(); rank != all.end(); rank += static_cast<std::ptrdiff_t>(steps))
    if (rank->data >= 0)
      by_rank.emplace_back(rank, rank + static_cast<std::ptrdiff_t>(steps));
    else
      by_rank.emplace_back();
  return by_rank;
}

/// The rounds of one rank count, on the ranks that take part.
class Group {
 public:
  Group(comm::Communicator& comm, comm::Communicator& self, const Plan& plan, const Work& work,
        std::size_t count)
      : comm_(comm), self_(self), plan_(plan), work_(work), count_(count) {}

  Piece measure() {
    Piece piece;
    const auto whole = lap(comm_, Kind::whole);
    piece.seconds = slowest(whole.seconds);
    piece.usual_seconds = mean(whole.seconds);
    piece.whole = gather(comm_, whole.steps, plan_.steps);
    piece.cores_busy.resize(static_cast<std::size_t>(comm_.size()));
    comm::allgather(comm_, std::span(&whole.cores_busy, 1), std::span(piece.cores_busy));
    piece.reduction = slowest(lap(comm_, Kind::reduction).seconds);
    piece.together = gather(comm_, lap(self_, Kind::computing).steps, plan_.steps);
    Lap alone;
    if (comm_.place().node_rank == 0) alone = lap(self_, Kind::computing, Start::at_once);
    wait_asleep(comm_);
    piece.alone = gather(comm_, alone.steps, plan_.steps);
    return piece;
  }

 private:
  struct Lap {
    double seconds = 0;     ///< of a step
    double cores_busy = 0;  ///< CPU time / time, of all threads of this process
    std::vector<StepTimes> steps;
  };
  enum class Start : std::uint8_t { together, at_once };

  Lap lap(comm::Communicator& comm, Kind kind, Start start = Start::together) {
    const auto step = work_.make(count_, comm, kind, share_of(plan_.mode, comm_.size()));
    for (std::size_t i = 0; i < plan_.warmup; ++i)
      step->run();
    if (start == Start::together) comm::barrier(comm_);
    Lap lap;
    lap.steps.reserve(plan_.steps);
    const double cpu_before = cpu_seconds();
    const telemetry::Stopwatch stopwatch;
    for (std::size_t i = 0; i < plan_.steps; ++i)
      lap.steps.push_back(step->run());
    const double seconds = stopwatch.seconds();
    lap.cores_busy = (cpu_seconds() - cpu_before) / seconds;
    lap.seconds = seconds / static_cast<double>(plan_.steps);
    return lap;
  }

  double mean(double seconds) {
    comm::allreduce(comm_, std::span(&seconds, 1), comm::ReduceOp::sum);
    return seconds / comm_.size();
  }

  double slowest(double seconds) {
    comm::allreduce(comm_, std::span(&seconds, 1), comm::ReduceOp::max);
    return seconds;
  }

  comm::Communicator& comm_;
  comm::Communicator& self_;
  const Plan& plan_;
  const Work& work_;
  std::size_t count_;
};

}  // namespace

double share_of(Mode mode, int ranks) {
  return mode == Mode::weak ? 1 : 1.0 / ranks;
}

std::vector<double> cores_busy(const Measurement& measurement) {
  std::vector<double> busy(static_cast<std::size_t>(measurement.ranks));
  for (const Piece& piece : measurement.pieces)
    for (std::size_t rank = 0; rank < piece.cores_busy.size(); ++rank)
      busy[rank] += piece.cores_busy[rank] / static_cast<double>(measurement.pieces.size());
  return busy;
}

std::vector<Measurement> measure(comm::Communicator& job, const Plan& plan, const Work& work) {
  const auto self = job.split(job.rank(), 0);
  std::vector<std::unique_ptr<comm::Communicator>> groups;
  std::vector<Measurement> all;
  for (std::size_t c = 0; c < plan.ranks.size(); ++c) {
    groups.push_back(job.split(job.rank() < plan.ranks[c] ? 0 : -1, job.rank()));
    const auto& group = groups.back();
    all.push_back({.ranks = plan.ranks[c], .nodes = group ? group->place().nodes : 0});
    if (group) work.before(c, *group);
    wait_asleep(job);
  }
  const telemetry::Stopwatch stopwatch;
  for (std::size_t round = 0; round < plan.repeats; ++round) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::size_t c = round % 2 == 0 ? i : groups.size() - 1 - i;
      if (groups[c]) all[c].pieces.push_back(Group(*groups[c], *self, plan, work, c).measure());
      wait_asleep(job);
    }
    if (work.after_round) work.after_round(round + 1, stopwatch.seconds());
  }
  for (std::size_t c = 0; c < groups.size(); ++c) {
    if (groups[c]) work.after(c, *groups[c]);
    wait_asleep(job);
  }
  return all;
}

}  // namespace rondo::scale
