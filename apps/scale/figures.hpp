// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "scale/attribution.hpp"
#include "scale/experiment.hpp"
#include "scale/timeline.hpp"

namespace rondo::scale {

/// A median over the rounds and what holds it with 95 %.
struct Estimate {
  double median = 0;
  double low = 0;
  double high = 0;
};

/// What a model says of a rank count before it is measured.
struct Prediction {
  double step_seconds = 0;
  double efficiency = 0;
  double error = 0;  ///< predicted / measured step - 1; once it is measured
};

/// What the link of a host carries.
struct HostLink {
  std::string host = {};
  double bytes_per_second = 0;
};

/// What is known of a rank count before it is measured.
struct Setting {
  std::size_t bucket_bytes = 0;
  double link_bytes_per_second = 0;   ///< from node to node; 0: there is one node
  double least_step_seconds = 0;      ///< what the links and the order of a step allow; 0: unknown
  std::string shared_cpus = {};       ///< that ranks share CPUs; empty: each thread has its own
  std::vector<HostLink> links = {};   ///< by node; of one node none
  std::string oversubscription = {};  ///< why this cannot be called scaling; empty: it can
  std::optional<Prediction> prediction = {};
};

/// All figures of one rank count; METRICS.md defines them.
struct CountFigures {
  int ranks = 1;
  int nodes = 1;
  Setting setting = {};
  Estimate step = {};               ///< seconds
  Estimate efficiency = {};         ///< of the ideal step, round by round
  std::vector<double> rounds = {};  ///< seconds of a step, by round
  std::vector<double> steps = {};   ///< seconds of every step, on the rank that came last
  double ideal_seconds = 0;         ///< what a step would take without any loss
  double computing_seconds = 0;     ///< passes and update alone, all ranks at the same time
  double reduction_seconds = 0;     ///< the reduction alone
  double bound_seconds = 0;         ///< max of the two
  double of_bound = 0;              ///< median over the rounds of bound / step
  double link_seconds = 0;          ///< what the links need for the gradients at the least
  double limit_efficiency = 1;      ///< ideal / max(ideal, link, least step): what physics allows
  double cores_busy = 0;            ///< of the ranks together, in the mean step
  Parts parts = {};                 ///< seconds of the mean step
  Parts lost = {};                  ///< shares of the mean step
  LastRank last = {};

  bool is_scaling() const noexcept { return setting.oversubscription.empty(); }
};

/// What was measured, on what, and how.
struct Subject {
  Mode mode = Mode::weak;
  std::string model = {};
  std::string source = {};
  std::string compute = {};  ///< "synthetic" or "real"
  std::string work = {};     ///< what passes spend their time with
  std::size_t gradient_bytes = 0;
  std::string host = {};
  std::string processor = {};
  int job_ranks = 1;
  std::size_t hosts = 1;
  std::size_t machines = 1;  ///< fewer than hosts where hosts are virtual
  std::uint64_t seed = 0;
  std::size_t warmup = 0;
  std::size_t steps = 0;
  std::size_t repeats = 0;
  std::string version = {};
};

struct Figures {
  Subject subject = {};
  std::vector<CountFigures> counts = {};  ///< the first is the reference
  Timeline timeline = {};
  std::vector<std::string> remarks = {};  ///< what the reader must know
};

/// One entry for each measurement, whose settings stand in the same order.
std::vector<CountFigures> evaluate(const Plan& plan, const Subject& subject,
                                   const std::vector<Measurement>& measurements,
                                   const std::vector<Setting>& settings);

/// What is to be said beside the figures.
std::vector<std::string> remarks_on(const Figures& figures);

/// A link with less than half of what the usual one has: all messages that pass it hold up all
/// ranks, so that no rank comes last. Of two nodes none: they have their one link in common.
struct SlowLink {
  HostLink link;
  double usual_bytes_per_second = 0;
};
std::optional<SlowLink> find_slow_link(std::span<const HostLink> links);

/// Which rank the others wait for; of a chronic one.
std::string last_rank_sentence(const CountFigures& count);

/// Every figure at its full precision. `format` and `version` come first.
nlohmann::ordered_json to_json(const Figures& figures);
/// A line for each rank count.
std::string to_csv(const Figures& figures);
/// For the terminal.
std::string to_table(const Figures& figures);

}  // namespace rondo::scale
