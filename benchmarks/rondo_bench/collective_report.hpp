// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "rondo_bench/collective_options.hpp"
#include "rondo_bench/figures.hpp"

namespace rondo::bench {

/// How the library's choice compares with the best of its algorithms, over all sizes.
struct Choice {
  double mean = 0;   ///< geometric, of best time / auto's time
  double worst = 0;  ///< the least of them
  std::size_t worst_bytes = 0;
  double worst_peer = 0;  ///< the least ratio of auto to the peer; 0 without a peer
  std::size_t worst_peer_bytes = 0;
};

/// `figures` of all sizes, of algorithm "auto" and others. Empty where a size lacks either.
std::optional<Choice> judge_choice(std::span<const Figures> figures);

/// Prints figures as a table while they come, and writes them to the file of --json. On ranks
/// other than 0 it does nothing.
class CollectiveReport {
 public:
  /// \throws AgreedError  the file cannot be created. Collective.
  CollectiveReport(comm::Communicator& comm, const CollectiveOptions& options);

  void add(const Figures& figures);
  void note(const std::string& text);
  void add(const Choice& choice);

 private:
  const CollectiveOptions& options_;
  comm::Place place_;
  bool prints_;
  std::string host_;
  std::string mpi_;
  std::string build_;
  telemetry::StepLog json_;
};

}  // namespace rondo::bench
