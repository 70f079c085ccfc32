// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/collective_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "rondo/base/host_name.hpp"
#include "rondo/comm/agree.hpp"

#include "common/run_main.hpp"
#include "common/version.hpp"
#include "rondo_bench/machine.hpp"
#include "rondo_bench/mpi_peer.hpp"

namespace rondo::bench {
namespace {

constexpr double microsecond = 1e-6;
constexpr double gigabyte = 1e9;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double seconds_of(const std::optional<Reference>& reference) {
  return reference ? reference->seconds : unknown;
}

double ratio_of(const std::optional<Reference>& reference) {
  return reference ? reference->ratio : unknown;
}

/// Four digits or more, or a dash.
std::string number(double value) {
  if (std::isnan(value)) return "-";
  const double size = std::abs(value);
  const int digits = size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
  return fmt::format("{:.{}f}", value, digits);
}

constexpr const char* line_format =
    "{:>11} {:>11}  {:<18} {:>9} {:>9} {:>9} {:>8} {:>8} {:>7} {:>9} {:>7} {:>9} {:>7}\n";

void print_header() {
  fmt::print(line_format, "bytes", "count", "algorithm", "min us", "median us", "p99 us", "algbw",
             "busbw", "wrong", "peer us", "x peer", "limit us", "x limit");
}

std::string subject_of(const CollectiveOptions& options) {
  std::string text(comm::name_of(options.collective));
  text += fmt::format(" {}", rondo::name_of(options.dtype));
  if (is_reduction(options.collective)) text += fmt::format(" {}", comm::name_of(options.op));
  if (options.wire != comm::Wire::exact)
    text += fmt::format(" as {} between nodes", comm::name_of(options.wire));
  return text;
}

void print_head(const CollectiveOptions& options, const comm::Place& place) {
  fmt::print("{}, {} ranks on {} {}, {}, {} buffers{}{}; peer: {}\n", subject_of(options),
             place.size, place.nodes, place.nodes == 1 ? "node" : "nodes", apps::binding_text(),
             name_of(options.buffers), options.in_place ? ", in place" : "",
             options.race.hot ? ", hot" : "", options.compare ? MpiPeer::library() : "none");
  fmt::print("algbw and busbw in GB/s; x peer and x limit: their time by ours\n\n");
  print_header();
}

struct Best {
  double automatic = std::numeric_limits<double>::infinity();
  double named = std::numeric_limits<double>::infinity();
  double peer = unknown;
};

std::map<std::size_t, Best> best_by_size(std::span<const Figures> figures) {
  std::map<std::size_t, Best> sizes;
  for (const Figures& line : figures) {
    Best& best = sizes[line.shape.bytes()];
    if (line.algorithm == comm::Algorithm::automatic) {
      best.automatic = line.seconds.median;
      best.peer = ratio_of(line.peer);
    } else {
      best.named = std::min(best.named, line.seconds.median);
    }
  }
  return sizes;
}

}  // namespace

std::optional<Choice> judge_choice(std::span<const Figures> figures) {
  Choice choice{.worst = std::numeric_limits<double>::infinity(),
                .worst_peer = std::numeric_limits<double>::infinity()};
  std::vector<double> ratios;
  for (const auto& [bytes, best] : best_by_size(figures)) {
    if (std::isinf(best.automatic) || std::isinf(best.named)) return std::nullopt;
    ratios.push_back(best.named / best.automatic);
    if (ratios.back() < choice.worst) {
      choice.worst = ratios.back();
      choice.worst_bytes = bytes;
    }
    if (best.peer < choice.worst_peer) {
      choice.worst_peer = best.peer;
      choice.worst_peer_bytes = bytes;
    }
  }
  if (ratios.empty()) return std::nullopt;
  choice.mean = geometric_mean(ratios);
  if (std::isinf(choice.worst_peer)) choice.worst_peer = unknown;
  return choice;
}

CollectiveReport::CollectiveReport(comm::Communicator& comm, const CollectiveOptions& options)
    : options_(options),
      place_(comm.place()),
      prints_(is_root(comm)),
      host_(host_name()),
      mpi_(MpiPeer::library()),
      build_(apps::project_version()) {
  comm::agree_on_success(comm, [&] {
    if (prints_ && !options.json.empty())
      json_ = telemetry::StepLog(options.json, telemetry::StepLog::Mode::append);
  });
  if (prints_) print_head(options, place_);
}

void CollectiveReport::note(const std::string& text) {
  if (prints_) fmt::print("{}\n", text);
}

void CollectiveReport::add(const Figures& figures) {
  if (!prints_) return;
  const Summary& seconds = figures.seconds;
  fmt::print(line_format, figures.shape.bytes(), figures.shape.count,
             comm::name_of(figures.algorithm), number(seconds.minimum / microsecond),
             number(seconds.median / microsecond), number(seconds.p99 / microsecond),
             number(figures.algorithm_bandwidth() / gigabyte),
             number(figures.bus_bandwidth() / gigabyte), figures.wrong,
             number(seconds_of(figures.peer) / microsecond), number(ratio_of(figures.peer)),
             number(seconds_of(figures.limit) / microsecond), number(ratio_of(figures.limit)));
  std::fflush(stdout);
  json_.write({{"event", "collective"},
               {"benchmark", comm::name_of(options_.collective)},
               {"dtype", rondo::name_of(options_.dtype)},
               {"op", comm::name_of(options_.op)},
               {"wire", comm::name_of(options_.wire)},
               {"buffers", name_of(options_.buffers)},
               {"in_place", options_.in_place},
               {"hot", options_.race.hot},
               {"bytes", figures.shape.bytes()},
               {"count", figures.shape.count},
               {"algorithm", comm::name_of(figures.algorithm)},
               {"repeats", figures.repeats},
               {"batch", figures.batch},
               {"min_seconds", seconds.minimum},
               {"median_seconds", seconds.median},
               {"p99_seconds", seconds.p99},
               {"algbw", figures.algorithm_bandwidth()},
               {"busbw", figures.bus_bandwidth()},
               {"wrong", figures.wrong},
               {"peer_seconds", seconds_of(figures.peer)},
               {"peer_ratio", ratio_of(figures.peer)},
               {"limit_seconds", seconds_of(figures.limit)},
               {"limit_ratio", ratio_of(figures.limit)},
               {"ranks", place_.size},
               {"nodes", place_.nodes},
               {"host", host_},
               {"mpi", mpi_},
               {"version", build_}});
}

void CollectiveReport::add(const Choice& choice) {
  if (!prints_) return;
  fmt::print("\nauto against the best algorithm: geometric mean {:.3f}, worst {:.3f} at {} bytes\n",
             choice.mean, choice.worst, choice.worst_bytes);
  if (!std::isnan(choice.worst_peer))
    fmt::print("auto against the peer: worst {:.3f} at {} bytes\n", choice.worst_peer,
               choice.worst_peer_bytes);
  json_.write({{"event", "choice"},
               {"benchmark", comm::name_of(options_.collective)},
               {"mean", choice.mean},
               {"worst", choice.worst},
               {"worst_bytes", choice.worst_bytes},
               {"worst_peer_ratio", choice.worst_peer},
               {"worst_peer_bytes", choice.worst_peer_bytes},
               {"ranks", place_.size},
               {"nodes", place_.nodes},
               {"host", host_}});
}

}  // namespace rondo::bench
