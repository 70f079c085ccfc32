// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rondo/data/lane_sampler.hpp"
#include "rondo/data/ledger.hpp"

#include "data/audit_check.hpp"
#include "data/run_metrics.hpp"

namespace rondo::apps {

/// A stretch of a lane's sequence, and the life that used it.
struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string life;
};

/// What is wrong with a stretch.
struct Finding {
  const char* problem = "";
  Piece piece;
};

/// What is wrong with `pieces` if each position below `target` is to be used once, and no other.
std::vector<Finding> judge(std::vector<Piece> pieces, std::size_t target);

/// How far the lanes must have come for parameters of a certain step.
class Target {
 public:
  Target(const data::LaneSampler::Options& order, std::uint64_t step);

  std::size_t lanes() const noexcept { return lanes_; }
  /// Lanes below this one have a sample more than the others.
  std::size_t longer_lanes() const noexcept { return longer_lanes_; }
  /// The epoch under way, and the position that its lanes have reached.
  std::size_t epoch() const noexcept { return epoch_; }
  std::size_t position() const noexcept { return position_; }
  /// Epochs that have begun.
  std::size_t epochs() const noexcept { return epoch_ + (position_ > 0 ? 1 : 0); }

  /// The position that `lane` must have reached in that epoch.
  std::size_t of(std::size_t epoch, std::size_t lane) const;
  /// Samples of all lanes at positions [begin, end).
  std::size_t samples(std::size_t begin, std::size_t end) const;

 private:
  std::size_t lanes_;
  std::size_t longer_lanes_;
  std::size_t short_length_;
  std::size_t epoch_;
  std::size_t position_;
};

/// Adds exceptions from one source to a result, and names their samples.
class Exceptions {
 public:
  Exceptions(AuditResult& result, std::string source);

  void add(const std::string& problem, const std::string& life);

  using Span = std::pair<std::size_t, std::size_t>;  ///< first and last
  void add(const Finding& finding, Span epochs, Span lanes);

 private:
  std::vector<std::uint64_t> samples_of(const AuditException& at) const;
  void store(AuditException exception);

  AuditResult& result_;
  data::LaneSampler sampler_;
  std::string source_;
};

/// Compares the ledger of a checkpoint, written by `life`, with what is due at result.step.
void check_ledger(const data::Ledger& ledger, const std::string& life, AuditResult& result);

/// Compares the steps of the kept lives with what is due at result.step.
void check_steps(const RunMetrics& metrics, AuditResult& result);

}  // namespace rondo::apps
