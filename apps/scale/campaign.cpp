// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/campaign.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/log.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/grad/bucket_size.hpp"
#include "rondo/telemetry/counters.hpp"

#include "common/version.hpp"
#include "measure/link.hpp"
#include "measure/statistics.hpp"
#include "scale/forecast.hpp"
#include "scale/load_model.hpp"
#include "scale/machine.hpp"

namespace rondo::scale {
namespace {

/// Of a shorter wait nothing is told.
constexpr double least_rest_seconds = 10;

/// What a network reduces; its passes take no time.
ModelWork reduction_of(const nn::Network& network, const std::filesystem::path& data) {
  ModelWork model{.name = network.spec().name, .source = "network of rondo-train-image"};
  if (!data.empty()) model.source += " on " + data.filename().string();
  for (const ParameterSpec& parameter : network.parameters())
    model.layers.push_back({.name = parameter.name, .elements = element_count(parameter.shape)});
  return model;
}

class Campaign {
 public:
  Campaign(comm::Communicator& job, const ScaleOptions& options)
      : job_(job),
        options_(options),
        plan_(make_plan(options, job.size())),
        synthetic_{.work = options.work,
                   .poll_interval = std::chrono::microseconds(options.poll_microseconds),
                   .rehearsal = make_rehearsal(options, job.size()),
                   .job_rank = job.rank()},
        real_(options.real),
        work_(options.work, synthetic_.poll_interval),
        places_(gather_places(job, inspect_place())),
        settings_(plan_.ranks.size()) {
    real_.model = options.model;
    comm::agree_on_success(job, [this] {
      require_equal_machines(places_);
      const double most_shares = share_of(plan_.mode, plan_.ranks.back()) * plan_.ranks.back();
      model_ = is_real() ? reduction_of(*make_network(real_, most_shares), real_.data)
                         : load_model(options_.model, options_.device);
    });
  }

  Figures run(const Acceptance& accept) {
    comm::agree_on_success(job_, [&] { accept(subject(), plan_.ranks); });
    if (!is_real()) choose_computing();
    const std::vector<Measurement> measurements = measure(
        job_, plan_,
        {.make = [this](std::size_t count, comm::Communicator& comm, Kind kind,
                        double share) { return make_step(count, comm, kind, share); },
         .before = [this](std::size_t count, comm::Communicator& comm) { prepare(count, comm); },
         .after = [this](std::size_t count, comm::Communicator& comm) { conclude(count, comm); },
         .after_round = [this](std::size_t rounds,
                               double seconds) { tell_rest(rounds, seconds); }});
    if (!is_root(job_)) return {};
    judge_crowding(measurements);
    Figures figures{.subject = subject(), .timeline = timeline_};
    figures.counts = evaluate(plan_, figures.subject, measurements, settings_);
    figures.remarks = remarks_on(figures);
    return figures;
  }

 private:
  bool is_real() const { return options_.compute == Compute::real; }
  bool is_by_clock() const { return !is_real() && options_.work == bench::Backward::clock; }

  std::unique_ptr<TrainingStep> make_step(std::size_t count, comm::Communicator& comm, Kind kind,
                                          double share) {
    const std::size_t bucket_bytes = settings_[count].bucket_bytes;
    if (is_real() && kind != Kind::reduction) {
      real_.bucket_bytes = bucket_bytes;
      return make_real_step(comm, real_, kind, share);
    }
    synthetic_.bucket_bytes = bucket_bytes;
    return make_synthetic_step(comm, model_, work_, synthetic_, kind, share);
  }

  /// Passes and update of one rank, for forecasts. Local: `self` has one rank.
  double alone_seconds(std::size_t count, comm::Communicator& self) {
    const auto step = make_step(count, self, Kind::computing, 1);
    std::vector<double> seconds;
    for (std::size_t i = 0; i < plan_.warmup + plan_.steps; ++i) {
      const double own = step->run().own();
      if (i >= plan_.warmup) seconds.push_back(own);
    }
    return bench::summarize(seconds).median;
  }

  /// Says what the rank count will take, by what was learnt on fewer ranks, then learns from it.
  void forecast(std::size_t count, comm::Communicator& comm) {
    if (is_real()) return;
    if (comm.size() == 1) return forecaster_.set_alone_seconds(alone_seconds(count, comm));
    const std::vector<int> nodes = gather_nodes(comm);
    Setting& setting = settings_[count];
    if (is_root(comm))
      setting.prediction = forecaster_.predict(model_, nodes, setting.bucket_bytes,
                                               share_of(plan_.mode, comm.size()));
    if (setting.prediction)
      fmt::print("predicted: {:.2f} ms on {} ranks\n", 1e3 * setting.prediction->step_seconds,
                 comm.size());
    if (count + 1 < plan_.ranks.size()) forecaster_.learn(comm);
  }

  /// How long the rest takes, where somebody would ask.
  void tell_rest(std::size_t rounds, double seconds) const {
    const double rest =
        seconds / static_cast<double>(rounds) * static_cast<double>(plan_.repeats - rounds);
    if (is_root(job_) && rest >= least_rest_seconds)
      log::info(fmt::format("round {} of {} measured: about {:.0f} s to go", rounds, plan_.repeats,
                            rest));
  }

  /// Whether ranks that share CPUs were in each other's way. Layers and arithmetic always are.
  void judge_crowding(const std::vector<Measurement>& measurements) {
    for (std::size_t c = 0; c < settings_.size(); ++c) {
      Setting& setting = settings_[c];
      setting.oversubscription = setting.shared_cpus;
      if (setting.shared_cpus.empty() || !is_by_clock() || measurements[c].pieces.empty()) continue;
      const std::string reason = crowding(places_, cores_busy(measurements[c]));
      setting.oversubscription =
          reason.empty() ? "" : fmt::format("{}, and {}", setting.shared_cpus, reason);
    }
  }

  /// Before anything of a rank count is measured.
  void prepare(std::size_t count, comm::Communicator& comm) {
    Setting& setting = settings_[count];
    setting.bucket_bytes = bucket_bytes(comm);
    if (comm.place().nodes > 1) measure_links(comm, setting);
    if (!is_real()) setting.least_step_seconds = least_step_seconds(comm, setting);
    setting.shared_cpus = oversubscription(places_, comm.size(), is_real() ? real_.threads : 1);
    forecast(count, comm);
  }

  double least_step_seconds(comm::Communicator& comm, const Setting& setting) const {
    const int nodes = comm.place().nodes;
    const double link =
        nodes == 1 ? 0
                   : bench::link_limit(comm::Collective::allreduce, model_.gradient_bytes(), nodes,
                                       setting.link_bytes_per_second);
    return model_.least_step_seconds(share_of(plan_.mode, comm.size()), link);
  }

  void measure_links(comm::Communicator& comm, Setting& setting) {
    const bench::LinkSpeeds speeds = bench::measure_links(comm);
    const std::vector<int> nodes = gather_nodes(comm);
    setting.link_bytes_per_second = speeds.ring;
    setting.links.resize(speeds.nodes.size());
    for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
      const auto node = static_cast<std::size_t>(nodes[rank]);
      setting.links[node] = {places_[rank].host, speeds.nodes[node]};
    }
  }

  void conclude(std::size_t count, comm::Communicator& comm) {
    if (count + 1 < plan_.ranks.size()) return;
    timeline_ = record_timeline(comm, [&](comm::Communicator& recorded) {
      return make_step(count, recorded, Kind::whole, share_of(plan_.mode, recorded.size()));
    });
  }

  std::size_t bucket_bytes(comm::Communicator& comm) {
    return options_.bucket_bytes ? *options_.bucket_bytes
                                 : grad::measure_bucket_size(comm, model_.gradient_bytes()).bytes;
  }

  /// Gives the passes the length that the options ask for. Collective.
  void choose_computing() {
    if (options_.computing_seconds) model_.scale_to(*options_.computing_seconds);
    if (!options_.ratio) return;
    const auto group = job_.split(job_.rank() < plan_.ranks.back() ? 0 : -1, job_.rank());
    double seconds = group ? reduction_seconds(*group) : 0;
    comm::broadcast(job_, std::span(&seconds, 1), 0);
    const double share = share_of(plan_.mode, plan_.ranks.back());
    model_.scale_to(seconds / *options_.ratio / share);
  }

  /// The fastest of some. Collective.
  double reduction_seconds(comm::Communicator& comm) {
    synthetic_.bucket_bytes = bucket_bytes(comm);
    const auto step = make_synthetic_step(comm, model_, work_, synthetic_, Kind::reduction, 1);
    step->run();
    double fastest = 0;
    for (int i = 0; i < 3; ++i) {
      comm::barrier(comm);
      const telemetry::Stopwatch stopwatch;
      step->run();
      double seconds = stopwatch.seconds();
      comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
      fastest = i == 0 ? seconds : std::min(fastest, seconds);
    }
    return fastest;
  }

  Subject subject() const {
    std::set<std::string> hosts;
    for (const RankPlace& place : places_)
      hosts.insert(place.host);
    return {.mode = plan_.mode,
            .model = model_.name,
            .source = model_.source,
            .compute = std::string(name_of(options_.compute)),
            .work = is_real()       ? "layers"
                    : is_by_clock() ? "clock"
                                    : "arithmetic",
            .gradient_bytes = model_.gradient_bytes(),
            .host = places_.front().host,
            .processor = places_.front().processor,
            .job_ranks = job_.size(),
            .hosts = hosts.size(),
            .machines = machine_count(places_),
            .seed = options_.seed,
            .warmup = plan_.warmup,
            .steps = plan_.steps,
            .repeats = plan_.repeats,
            .version = apps::project_version()};
  }

  comm::Communicator& job_;
  const ScaleOptions& options_;
  Plan plan_;
  SyntheticOptions synthetic_;
  RealOptions real_;
  bench::SyntheticWork work_;
  std::vector<RankPlace> places_;
  std::vector<Setting> settings_;
  ModelWork model_;
  Timeline timeline_;
  Forecaster forecaster_;
};

}  // namespace

Figures run_campaign(comm::Communicator& job, const ScaleOptions& options,
                     const Acceptance& accept) {
  return Campaign(job, options).run(accept);
}

}  // namespace rondo::scale
