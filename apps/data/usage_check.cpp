// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/usage_check.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace rondo::apps {
namespace {

using data::Ledger;

constexpr std::size_t most_exceptions = 1000;
constexpr std::size_t most_listed_samples = 4096;

class LedgerCheck {
 public:
  LedgerCheck(AuditResult& result, std::string life)
      : target_(result.order, result.step),
        exceptions_(result, "checkpoint"),
        life_(std::move(life)) {}

  void run(const Ledger& ledger) {
    const std::vector<Ledger::Entry> entries = ledger.entries();
    std::size_t next_epoch = 0;
    for (auto entry = entries.begin(); entry != entries.end();) {
      const auto end = std::find_if(entry, entries.end(), [&](const Ledger::Entry& other) {
        return other.first_epoch != entry->first_epoch;
      });
      check_absent(next_epoch, entry->first_epoch);
      // Epochs alike in the ledger are not alike in what is due: before, at and behind the last.
      const std::size_t last = entry->last_epoch;
      for (std::size_t first = entry->first_epoch; first <= last;) {
        const std::size_t until = first < target_.epoch()    ? std::min(last, target_.epoch() - 1)
                                  : first == target_.epoch() ? first
                                                             : last;
        check_epochs({first, until}, {entry, end});
        first = until + 1;
      }
      next_epoch = last + 1;
      entry = end;
    }
    check_absent(next_epoch, target_.epochs());
  }

 private:
  using Span = Exceptions::Span;

  void check_absent(std::size_t begin, std::size_t end) {
    const std::size_t complete = std::min(end, target_.epoch());
    if (begin < complete) check_epochs({begin, complete - 1}, {});
    if (begin <= target_.epoch() && target_.epoch() < end)
      check_epochs({target_.epoch(), target_.epoch()}, {});
  }

  void check_epochs(Span epochs, const std::vector<Ledger::Entry>& entries) {
    std::size_t next_lane = 0;
    for (const Ledger::Entry& entry : entries) {
      if (entry.last_lane >= target_.lanes()) {
        exceptions_.add(fmt::format("holds lane {} of {}", entry.last_lane, target_.lanes()),
                        life_);
        return;
      }
      if (next_lane < entry.first_lane) check_lanes(epochs, {next_lane, entry.first_lane - 1}, {});
      check_lanes(epochs, {entry.first_lane, entry.last_lane}, entry.ranges);
      next_lane = entry.last_lane + 1;
    }
    if (next_lane < target_.lanes()) check_lanes(epochs, {next_lane, target_.lanes() - 1}, {});
  }

  /// Lanes that have used the same; the first of them may be a sample longer than the rest.
  void check_lanes(Span epochs, Span lanes, const std::vector<Ledger::Range>& ranges) {
    if (lanes.first < target_.longer_lanes() && lanes.second >= target_.longer_lanes()) {
      check_lanes(epochs, {lanes.first, target_.longer_lanes() - 1}, ranges);
      lanes.first = target_.longer_lanes();
    }
    std::vector<Piece> pieces;
    for (const auto& [begin, end] : ranges)
      pieces.push_back({begin, end, life_});
    for (const Finding& finding : judge(pieces, target_.of(epochs.first, lanes.first)))
      exceptions_.add(finding, epochs, lanes);
  }

  Target target_;
  Exceptions exceptions_;
  std::string life_;
};

class StepsCheck {
 public:
  explicit StepsCheck(AuditResult& result)
      : result_(result), target_(result.order, result.step), exceptions_(result, "metrics") {}

  void run(const RunMetrics& metrics) {
    std::map<std::string, const KeptLife*> kept;
    for (const KeptLife& life : result_.lives)
      kept[life.life.id] = &life;
    metrics.for_each_step([&](const Life& life, const StepRecord& step) {
      const KeptLife& bounds = *kept.at(life.id);
      if (bounds.is_kept && step.step <= bounds.up_to) use(life, step);
    });
    judge_all();
  }

 private:
  void use(const Life& life, const StepRecord& step) {
    if (step.step <= life.first_step)
      exceptions_.add(fmt::format("line {}: step {} in a life that began behind step {}", step.line,
                                  step.step, life.first_step),
                      life.id);
    const std::size_t end = step.position + step.count;
    const std::size_t samples = target_.samples(step.position, end);
    if (step.samples != static_cast<double>(samples))
      exceptions_.add(fmt::format("line {}: step {} summed {} samples, its positions hold {}",
                                  step.line, step.step, step.samples, samples),
                      life.id);
    if (!step.applied) ++result_.skipped_steps;
    if (step.count == 0) return;
    auto& pieces = used_[step.epoch];
    if (!pieces.empty() && pieces.back().end == step.position && pieces.back().life == life.id)
      pieces.back().end = end;
    else
      pieces.push_back({step.position, end, life.id});
  }

  /// Lane 0 has the longest sequence; what is true of it is true of all, as far as theirs go.
  void judge_all() {
    const std::size_t last_lane = target_.lanes() - 1;
    const std::size_t epochs = target_.epochs();
    std::size_t next_epoch = 0;
    const auto note = [&](std::size_t first, std::size_t last, const std::vector<Piece>& pieces) {
      for (const Finding& finding : judge(pieces, target_.of(first, 0)))
        exceptions_.add(finding, {first, last}, {0, last_lane});
    };
    const auto note_absent = [&](std::size_t begin, std::size_t end) {
      if (begin < std::min(end, target_.epoch()))
        note(begin, std::min(end, target_.epoch()) - 1, {});
      if (begin <= target_.epoch() && target_.epoch() < end)
        note(target_.epoch(), target_.epoch(), {});
    };
    for (const auto& [epoch, pieces] : used_) {
      note_absent(next_epoch, std::min(epoch, epochs));
      note(epoch, epoch, pieces);
      next_epoch = epoch + 1;
    }
    note_absent(next_epoch, epochs);
  }

  AuditResult& result_;
  Target target_;
  Exceptions exceptions_;
  std::map<std::size_t, std::vector<Piece>> used_;  ///< by epoch, positions of lane 0
};

}  // namespace

std::vector<Finding> judge(std::vector<Piece> pieces, std::size_t target) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  std::vector<Finding> findings;
  const auto note = [&](const char* problem, std::size_t begin, std::size_t end,
                        const std::string& life) {
    if (begin < end) findings.push_back({problem, {begin, end, life}});
  };
  std::size_t covered = 0;  // all below has been used
  std::string last_life;
  for (const Piece& piece : pieces) {
    note("never used", covered, std::min(piece.begin, target), piece.life);
    note("used twice", piece.begin, std::min({piece.end, covered, target}), piece.life);
    note("used ahead", std::max(piece.begin, target), piece.end, piece.life);
    covered = std::max(covered, piece.end);
    last_life = piece.life;
  }
  note("never used", covered, target, last_life);
  return findings;
}

Target::Target(const data::LaneSampler::Options& order, std::uint64_t step)
    : lanes_(order.lanes),
      longer_lanes_(order.samples % order.lanes),
      short_length_(order.samples / order.lanes) {
  const std::size_t steps_per_epoch = data::LaneSampler(order).steps_per_epoch();
  epoch_ = step / steps_per_epoch;
  position_ = step % steps_per_epoch * order.micro_batch;
}

std::size_t Target::of(std::size_t epoch, std::size_t lane) const {
  const std::size_t length = short_length_ + (lane < longer_lanes_ ? 1 : 0);
  if (epoch == epoch_) return std::min(length, position_);
  return epoch < epoch_ ? length : 0;
}

std::size_t Target::samples(std::size_t begin, std::size_t end) const {
  const auto inside = [&](std::size_t length) {
    return std::min(end, length) - std::min(begin, length);
  };
  return longer_lanes_ * inside(short_length_ + 1) +
         (lanes_ - longer_lanes_) * inside(short_length_);
}

Exceptions::Exceptions(AuditResult& result, std::string source)
    : result_(result), sampler_(result.order), source_(std::move(source)) {}

void Exceptions::add(const std::string& problem, const std::string& life) {
  AuditException exception;
  exception.source = source_;
  exception.problem = problem;
  exception.life = life;
  store(std::move(exception));
}

void Exceptions::add(const Finding& finding, Span epochs, Span lanes) {
  AuditException exception{.source = source_,
                           .problem = finding.problem,
                           .first_epoch = epochs.first,
                           .last_epoch = epochs.second,
                           .first_lane = lanes.first,
                           .last_lane = lanes.second,
                           .begin = finding.piece.begin,
                           .end = finding.piece.end,
                           .life = finding.piece.life,
                           .samples = {}};
  if (result_.exceptions.size() < most_exceptions) exception.samples = samples_of(exception);
  store(std::move(exception));
}

std::vector<std::uint64_t> Exceptions::samples_of(const AuditException& at) const {
  std::vector<std::uint64_t> samples;
  for (std::size_t lane = at.first_lane; lane <= at.last_lane; ++lane) {
    const std::size_t end = std::min(at.end, sampler_.lane_samples(lane));
    if (at.begin >= end) break;  // as on all lanes behind
    for (std::size_t i = at.begin; i < end && samples.size() < most_listed_samples; ++i)
      samples.push_back(sampler_.sample(at.first_epoch, lane, i));
    if (samples.size() == most_listed_samples) break;
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

void Exceptions::store(AuditException exception) {
  if (result_.exceptions.size() < most_exceptions)
    result_.exceptions.push_back(std::move(exception));
  ++result_.exception_count;
}

void check_ledger(const Ledger& ledger, const std::string& life, AuditResult& result) {
  LedgerCheck(result, life).run(ledger);
}

void check_steps(const RunMetrics& metrics, AuditResult& result) {
  StepsCheck(result).run(metrics);
}

}  // namespace rondo::apps
