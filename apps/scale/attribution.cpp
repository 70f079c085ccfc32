// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace rondo::scale {
namespace {

struct Name {
  std::string_view title;
  std::string_view key;
};
constexpr std::array<Name, part_count> names{{{"computing", "computing"},
                                              {"exposed communication", "exposed_communication"},
                                              {"arrival skew", "arrival_skew"},
                                              {"data wait", "data_wait"},
                                              {"kernel slowdown", "kernel_slowdown"},
                                              {"checkpoint", "checkpoint"},
                                              {"launch overhead", "launch_overhead"},
                                              {"other", "other"}}};

using Figure = std::function<double(const StepTimes&)>;

/// The usual one of several; of two, the lower. None: 0.
double lower_median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double mean(const std::vector<StepTimes>& steps, const Figure& figure) {
  double sum = 0;
  for (const StepTimes& step : steps)
    sum += figure(step);
  return sum / static_cast<double>(steps.size());
}

/// The usual rank's.
double usual(const Steps& steps, const Figure& figure) {
  std::vector<double> means;
  for (const auto& rank : steps)
    if (!rank.empty()) means.push_back(mean(rank, figure));
  return lower_median(means);
}

/// How much faster a rank computes that has its node for itself. Each against itself: the ranks
/// need not be alike.
double alone_over_together(const Piece& piece) {
  std::vector<double> ratios;
  for (std::size_t rank = 0; rank < piece.alone.size(); ++rank)
    if (!piece.alone[rank].empty())
      ratios.push_back(mean(piece.alone[rank], &StepTimes::own) /
                       mean(piece.together[rank], &StepTimes::own));
  return lower_median(ratios);
}

/// The rank that waits least once its own work is done: for it, all others are there already.
std::size_t last_of(const Steps& steps, std::size_t step) {
  std::size_t last = 0;
  for (std::size_t rank = 1; rank < steps.size(); ++rank)
    if (steps[rank][step].finish < steps[last][step].finish) last = rank;
  return last;
}

double usual_in_step(const Steps& steps, std::size_t step, const Figure& figure) {
  std::vector<double> values;
  for (const auto& rank : steps)
    values.push_back(figure(rank[step]));
  return lower_median(values);
}

StepTimes mean_in_step(const Steps& steps, std::size_t step) {
  const auto ranks = static_cast<double>(steps.size());
  StepTimes mean;
  for (const auto& rank : steps) {
    mean.data += rank[step].data / ranks;
    mean.pass += rank[step].pass / ranks;
    mean.finish += rank[step].finish / ranks;
    mean.checkpoint += rank[step].checkpoint / ranks;
  }
  return mean;
}

/// A step's mean over the ranks, where the wait for the last one counts as what kept that one.
StepTimes share_out(const Steps& steps, std::size_t step) {
  const StepTimes& last = steps[last_of(steps, step)][step];
  StepTimes times = mean_in_step(steps, step);
  const double waited = times.finish - last.finish;
  const double pass = std::max(last.pass - times.pass, 0.0);
  const double data = std::max(last.data - times.data, 0.0);
  const double checkpoint = std::max(last.checkpoint - times.checkpoint, 0.0);
  const double kept = pass + data + checkpoint;
  times.finish = last.finish;
  times.data += kept > 0 ? waited * data / kept : 0;
  times.checkpoint += kept > 0 ? waited * checkpoint / kept : 0;
  times.pass += kept > 0 ? waited * pass / kept : waited;
  return times;
}

/// The mean over the steps.
StepTimes mean_shares(const Steps& steps) {
  const std::size_t count = steps.front().size();
  std::vector<StepTimes> shares;
  for (std::size_t s = 0; s < count; ++s)
    shares.push_back(share_out(steps, s));
  return {.data = mean(shares, &StepTimes::data),
          .pass = mean(shares, &StepTimes::pass),
          .finish = mean(shares, &StepTimes::finish),
          .checkpoint = mean(shares, &StepTimes::checkpoint)};
}

struct Lateness {
  std::size_t count = 0;
  double pass = 0;
  double data = 0;
  double checkpoint = 0;

  double sum() const { return pass + data + checkpoint; }
};

/// By rank, how often it came last and how much later than the usual one it was then.
std::vector<Lateness> lateness_of(std::span<const Piece> pieces) {
  std::vector<Lateness> ranks(pieces.front().whole.size());
  for (const Piece& piece : pieces) {
    for (std::size_t s = 0; s < piece.whole.front().size(); ++s) {
      const std::size_t last = last_of(piece.whole, s);
      const StepTimes& times = piece.whole[last][s];
      Lateness& rank = ranks[last];
      ++rank.count;
      rank.pass += times.pass - usual_in_step(piece.whole, s, &StepTimes::pass);
      rank.data += times.data - usual_in_step(piece.whole, s, &StepTimes::data);
      rank.checkpoint += times.checkpoint - usual_in_step(piece.whole, s, &StepTimes::checkpoint);
    }
  }
  return ranks;
}

Part cause_of(const Lateness& late) {
  if (late.data > late.pass && late.data > late.checkpoint) return Part::data_wait;
  return late.checkpoint > late.pass ? Part::checkpoint : Part::arrival_skew;
}

double mean_step(std::span<const Piece> pieces) {
  double sum = 0;
  for (const Piece& piece : pieces)
    sum += piece.seconds;
  return sum / static_cast<double>(pieces.size());
}

}  // namespace

std::string_view title_of(Part part) {
  return names[static_cast<std::size_t>(part)].title;
}

std::string_view key_of(Part part) {
  return names[static_cast<std::size_t>(part)].key;
}

double Parts::sum() const {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

Parts attribute(const Piece& piece) {
  const StepTimes shares = mean_shares(piece.whole);
  const double together = usual(piece.together, &StepTimes::own);
  const double usual_pass = usual(piece.whole, &StepTimes::pass);

  Parts parts;
  parts[Part::computing] = together * alone_over_together(piece);
  parts[Part::kernel_slowdown] = together - parts[Part::computing];
  parts[Part::launch_overhead] = usual_pass - usual(piece.together, &StepTimes::pass);
  // Ranks that leave the first barrier or the last sum late are late, too.
  parts[Part::arrival_skew] = shares.pass - usual_pass + piece.seconds - piece.usual_seconds;
  parts[Part::communication] = shares.finish - usual(piece.together, &StepTimes::finish);
  parts[Part::data_wait] = shares.data;
  parts[Part::checkpoint] = shares.checkpoint;
  parts[Part::other] = piece.seconds - parts.sum();
  return parts;
}

Parts attribute(std::span<const Piece> pieces) {
  Parts mean;
  for (const Piece& piece : pieces) {
    const Parts parts = attribute(piece);
    for (std::size_t i = 0; i < part_count; ++i)
      mean.seconds[i] += parts.seconds[i] / static_cast<double>(pieces.size());
  }
  return mean;
}

Parts lost_shares(const Parts& parts, const Parts& ideal) {
  Parts shares;
  for (std::size_t i = 0; i < part_count; ++i)
    shares.seconds[i] = (parts.seconds[i] - ideal.seconds[i]) / parts.sum();
  return shares;
}

LastRank find_last_rank(std::span<const Piece> pieces) {
  const std::vector<Lateness> ranks = lateness_of(pieces);
  if (ranks.size() < 2) return {};
  const auto most = std::ranges::max_element(ranks, {}, &Lateness::count);
  const auto steps = static_cast<double>(pieces.size() * pieces.front().whole.front().size());
  const double chance = 1 / static_cast<double>(ranks.size());
  LastRank last{.rank = static_cast<int>(most - ranks.begin()),
                .share = static_cast<double>(most->count) / steps,
                .seconds = most->sum() / static_cast<double>(most->count),
                .cause = cause_of(*most)};
  // Three standard errors above chance, and by a twentieth of a step.
  const double error = std::sqrt(chance * (1 - chance) / steps);
  last.is_chronic = last.share > chance + 3 * error && last.seconds > 0.05 * mean_step(pieces);
  return last;
}

}  // namespace rondo::scale
