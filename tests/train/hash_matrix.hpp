// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rondo/comm/inproc.hpp"

#include "support/fewer_cases.hpp"
#include "train/hash_model.hpp"

namespace rondo::test {

/// Every precision with every optimizer.
inline std::vector<HashCase> all_cases() {
  std::vector<HashCase> cases;
  for (const Precision precision : precisions) {
    for (const std::string_view optimizer : optimizers)
      cases.push_back({.precision = precision, .optimizer = std::string(optimizer)});
  }
  return cases;
}

/// Each precision and each optimizer once.
inline std::vector<HashCase> few_cases() {
  std::vector<HashCase> cases;
  for (std::size_t i = 0; i < precisions.size(); ++i)
    cases.push_back({.precision = precisions[i], .optimizer = std::string(optimizers[i])});
  return cases;
}

/// Every sharding with a tiny and a middling size of buckets, and in one order of readiness.
inline std::vector<HashRun> all_runs(unsigned readiness = 0,
                                     grad::Reduction reduction = grad::Reduction::fixed) {
  std::vector<HashRun> runs;
  for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero1, grad::Sharding::zero2}) {
    for (const std::size_t bucket_bytes : {1, 40'000})
      runs.push_back({.sharding = sharding,
                      .bucket_bytes = bucket_bytes,
                      .reduction = reduction,
                      .readiness = readiness});
  }
  return runs;
}

/// What must end with the bits of one rank alone, and whether it does.
class HashMatrix {
 public:
  /// Runs every case on one rank without any peer. With Reduction::fast the sum over several ranks
  /// is one in the order of ranks, which must be found out.
  explicit HashMatrix(std::vector<HashCase> cases,
                      grad::Reduction reduction = grad::Reduction::fixed)
      : cases_(std::move(cases)) {
    comm::run_ranks(1, [&](comm::Communicator& comm) {
      for (const HashCase& what : cases_)
        expected_.push_back(run_hash_case(comm, what, {.reduction = reduction}, steps));
    });
  }

  /// Every case, and each of these ways to run it; fewer under a sanitizer.
  struct Entry {
    std::size_t number;  ///< of the case
    HashRun run;
  };
  std::vector<Entry> entries(const std::vector<HashRun>& runs) const {
    std::vector<Entry> all;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      for (const HashRun& run : runs)
        all.push_back({i, run});
    }
    return fewer_if_sanitized(
        all, Keep::pairs, [&](const Entry& entry) { return cases_[entry.number].precision; },
        [&](const Entry& entry) { return cases_[entry.number].optimizer; },
        [](const Entry& entry) { return entry.run.sharding; },
        [](const Entry& entry) { return entry.run.bucket_bytes; });
  }

  /// Runs entries(runs). Collective: all ranks learn which end with other bits.
  std::vector<std::string> violations(comm::Communicator& comm,
                                      const std::vector<HashRun>& runs) const {
    std::vector<std::string> found;
    for (const auto& [number, run] : entries(runs)) {
      if (run_hash_case(comm, cases_[number], run, steps) != expected_[number])
        found.push_back(describe(cases_[number], run, comm.size()));
    }
    return found;
  }

 private:
  static constexpr int steps = 3;

  std::vector<HashCase> cases_;
  std::vector<std::uint64_t> expected_;  // by case
};

}  // namespace rondo::test
