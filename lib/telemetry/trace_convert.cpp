// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/trace_convert.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"

#include "telemetry/chrome_trace.hpp"
#include "telemetry/trace_clock.hpp"
#include "telemetry/trace_records.hpp"

namespace rondo::telemetry {
namespace {

namespace fs = std::filesystem;

/// Above all threads of a rank.
constexpr int first_bucket_track = static_cast<int>(most_threads);

/// What the files of one rank hold, of one start of the job.
struct RankLog {
  TraceIdentity identity;
  std::vector<ClockSample> clocks;
  std::map<std::uint64_t, TracedStep> steps;
};

/// The rank in the name of a log's file, -1 for other files.
int rank_of(const fs::path& path) {
  const std::string name = path.filename().string();
  int rank = -1;
  constexpr std::string_view start = "rank-";
  if (name.compare(0, start.size(), start) != 0) return -1;
  const auto [end, error] =
      std::from_chars(name.data() + start.size(), name.data() + name.size(), rank);
  const std::string_view ending(end, static_cast<std::size_t>(name.data() + name.size() - end));
  const bool is_ours =
      std::any_of(std::begin(trace_file_endings), std::end(trace_file_endings),
                  [&](std::string_view known) { return ending == fmt::format(".{}", known); });
  return error == std::errc() && is_ours ? rank : -1;
}

std::set<int> ranks_in(const fs::path& directory) {
  std::error_code problem;
  std::set<int> ranks;
  for (const auto& entry : fs::directory_iterator(directory, problem))
    if (const int rank = rank_of(entry.path()); rank >= 0) ranks.insert(rank);
  if (problem)
    throw IoError(ExitCode::missing_input,
                  fmt::format("cannot read {}: {}", directory.string(), problem.message()));
  return ranks;
}

/// Reads the logs of a directory one by one: all of them need not fit into memory.
class TraceReader {
 public:
  TraceReader(fs::path directory, DamagedTrace damaged)
      : directory_(std::move(directory)),
        damaged_(damaged == DamagedTrace::skip ? Damage::skip : Damage::error) {
    for (const int rank : ranks_in(directory_))
      look_at(rank);
    std::erase_if(identities_, [this](const auto& entry) { return entry.second.life != life_; });
  }

  /// Of the newest start, by rank.
  const std::map<int, TraceIdentity>& identities() const { return identities_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  RankLog read(int rank) const {
    RankLog log{identities_.at(rank), {}, {}};
    for_each_file(rank, [&](const fs::path& path) {
      TraceFile file = read_trace_file(path, damaged_);
      if (!file.identity || file.identity->life != life_) return;
      std::ranges::copy(file.clocks, std::back_inserter(log.clocks));
      merge(std::move(file.steps), log.steps);
    });
    return log;
  }

  ClockMap clock(std::uint64_t clock) const {
    const auto found = clocks_.find(clock);
    return found == clocks_.end() ? ClockMap() : ClockMap(found->second);
  }
  bool knows_clock(const TraceIdentity& identity) const {
    return identity.clock == identity.reference || clocks_.contains(identity.clock);
  }

 private:
  /// A step may stand in several files, and what came after the last one once more behind it: of
  /// the files that which has more of it counts.
  static void merge(std::vector<TracedStep> records, std::map<std::uint64_t, TracedStep>& steps) {
    std::map<std::uint64_t, TracedStep> of_file;
    for (TracedStep& record : records) {
      TracedStep& step = of_file[record.step];
      step.step = record.step;
      step.dropped += record.dropped;
      std::ranges::move(record.threads, std::back_inserter(step.threads));
      std::ranges::move(record.events, std::back_inserter(step.events));
    }
    for (auto& [number, step] : of_file) {
      TracedStep& known = steps[number];
      if (known.events.size() <= step.events.size()) known = std::move(step);
    }
  }

  template <class Visit>
  void for_each_file(int rank, Visit visit) const {
    for (const std::string_view ending : trace_file_endings) {
      const fs::path path = directory_ / trace_file_name(rank, ending);
      if (fs::exists(path)) visit(path);
    }
  }

  /// Who wrote it, what it knows of clocks, and what is to be said of it.
  void look_at(int rank) {
    for_each_file(rank, [&](const fs::path& path) {
      std::string damage;
      const TraceFile file = read_trace_file(path, damaged_, &damage);
      if (!damage.empty()) warnings_.push_back(damage);
      if (file.unfinished_at)
        warnings_.push_back(fmt::format("{}: left out what follows byte {}, an unfinished record",
                                        path.string(), *file.unfinished_at));
      if (!file.identity) return;
      const TraceIdentity& identity = *file.identity;
      if (identity.rank != rank)
        throw IoError(ExitCode::bad_content, fmt::format("{}: the record at byte 0 is of rank {}",
                                                         path.string(), identity.rank));
      if (life_ != 0 && identity.life != life_)
        warnings_.push_back(fmt::format(
            "{}: rank {} has logs of another start beside it, of which the newest counts",
            directory_.string(), rank));
      if (identity.life > life_) clocks_.clear();
      life_ = std::max(life_, identity.life);
      if (identity.life < life_) return;
      identities_[rank] = identity;
      std::ranges::copy(file.clocks, std::back_inserter(clocks_[identity.clock]));
      if (clocks_[identity.clock].empty()) clocks_.erase(identity.clock);
    });
  }

  fs::path directory_;
  Damage damaged_;
  std::uint64_t life_ = 0;
  std::map<int, TraceIdentity> identities_;
  std::map<std::uint64_t, std::vector<ClockSample>> clocks_;
  std::vector<std::string> warnings_;
};

/// Deals overlapping spans to tracks on which none overlap.
class Tracks {
 public:
  int place(const TraceEvent& event) {
    const auto free = std::find_if(ends_.begin(), ends_.end(),
                                   [&](std::int64_t end) { return end <= event.begin; });
    const auto track = free - ends_.begin();
    if (free == ends_.end()) ends_.push_back(0);
    ends_[static_cast<std::size_t>(track)] = event.end;
    return static_cast<int>(track);
  }
  int count() const { return static_cast<int>(ends_.size()); }

 private:
  std::vector<std::int64_t> ends_;
};

bool overlaps(const TraceEvent& event) {
  return event.activity == Activity::bucket || event.activity == Activity::values;
}

/// Writes all of one rank.
class RankWriter {
 public:
  RankWriter(ChromeTrace& out, const ClockMap& clock, std::int64_t origin)
      : out_(out), clock_(clock), origin_(origin) {}

  void write(const RankLog& log, TraceSummary& summary) {
    rank_ = log.identity.rank;
    for (const auto& [number, step] : log.steps) {
      summary.events += step.events.size();
      summary.dropped_events += step.dropped;
      write_step(step);
    }
    for (const auto& [number, name] : threads_)
      out_.name_thread(rank_, number, name);
    for (int track = 0; track < tracks_.count(); ++track)
      out_.name_thread(rank_, first_bucket_track + track, fmt::format("buckets {}", track + 1));
  }

 private:
  void write_step(const TracedStep& step) {
    for (const TracedThread& thread : step.threads)
      threads_[thread.number] = thread.name;
    std::vector<TraceEvent> buckets;
    for (TraceEvent event : step.events) {
      event.begin = clock_.to_reference(event.begin) - origin_;
      event.end = clock_.to_reference(event.end) - origin_;
      if (overlaps(event))
        buckets.push_back(event);
      else
        out_.add(rank_, event.thread, step.step, event);
    }
    std::ranges::stable_sort(buckets, {}, &TraceEvent::begin);
    for (const TraceEvent& bucket : buckets)
      out_.add(rank_, first_bucket_track + tracks_.place(bucket), step.step, bucket);
  }

  ChromeTrace& out_;
  const ClockMap& clock_;
  std::int64_t origin_;
  int rank_ = 0;
  std::map<int, std::string> threads_;
  Tracks tracks_;
};

std::string about(const TraceSummary& summary) {
  const nlohmann::ordered_json json{{"tool", "rondo-trace"},
                                    {"ranks", summary.ranks},
                                    {"missing_ranks", summary.missing_ranks},
                                    {"steps", summary.steps},
                                    {"first_step", summary.first_step},
                                    {"last_step", summary.last_step},
                                    {"dropped_events", summary.dropped_events},
                                    {"clock_error_us", summary.clock_error_us},
                                    {"warnings", summary.warnings}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// All but what the steps tell.
TraceSummary survey(const TraceReader& reader) {
  TraceSummary summary;
  summary.warnings = reader.warnings();
  summary.ranks = reader.identities().begin()->second.ranks;
  for (int rank = 0; rank < summary.ranks; ++rank)
    if (!reader.identities().contains(rank)) summary.missing_ranks.push_back(rank);
  for (const auto& [rank, identity] : reader.identities()) {
    const auto error = static_cast<double>(reader.clock(identity.clock).error());
    summary.clock_error_us = std::max(summary.clock_error_us, error / 1000);
    if (!reader.knows_clock(identity))
      summary.warnings.push_back(
          fmt::format("nothing is known of the clock of rank {} on {}: its times stand where its "
                      "own clock puts them",
                      rank, identity.host));
  }
  return summary;
}

}  // namespace

std::vector<int> ranks_with_traces(const fs::path& directory) {
  const TraceReader reader(directory, DamagedTrace::skip);
  std::vector<int> ranks;
  for (const auto& [rank, identity] : reader.identities())
    ranks.push_back(rank);
  return ranks;
}

TraceSummary convert_trace(const fs::path& directory, const fs::path& output,
                           DamagedTrace damaged) {
  const TraceReader reader(directory, damaged);
  if (reader.identities().empty())
    throw IoError(ExitCode::missing_input,
                  fmt::format("{} holds no trace of any rank: name the directory that a trainer "
                              "with --trace FILE made, FILE.ranks",
                              directory.string()));
  TraceSummary summary = survey(reader);
  std::int64_t origin = std::numeric_limits<std::int64_t>::max();
  for (const auto& [rank, identity] : reader.identities())
    origin = std::min(origin, reader.clock(identity.clock).to_reference(identity.begin));

  AtomicFile file(output);
  ChromeTrace out(file.temporary_path());
  std::set<std::uint64_t> steps;
  for (const auto& [rank, identity] : reader.identities()) {
    const RankLog log = reader.read(rank);
    for (const auto& [number, step] : log.steps)
      steps.insert(number);
    out.name_process(rank, fmt::format("rank {} ({})", rank, identity.host));
    const ClockMap clock = reader.clock(identity.clock);
    RankWriter(out, clock, origin).write(log, summary);
  }
  summary.steps = steps.size();
  if (!steps.empty()) {
    summary.first_step = *steps.begin();
    summary.last_step = *steps.rbegin();
  }
  out.finish(about(summary));
  file.publish();
  return summary;
}

}  // namespace rondo::telemetry
