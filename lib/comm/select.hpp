// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "rondo/comm/tuning.hpp"

namespace rondo::comm {

/// An algorithm, never `automatic`, and why.
struct Choice {
  enum class Reason : std::uint8_t {
    requested,      ///< by the call
    one_rank,       ///< nothing to exchange
    measured_rule,  ///< of the tuning
    built_in_rule,
    only_one  ///< no rule holds
  };
  Algorithm algorithm = Algorithm::ring;
  Reason reason = Reason::only_one;
  std::size_t rule = 0;  ///< its place in its table
};

/// Chooses the algorithms of one communicator's calls.
///
/// Depends on nothing but the tuning, the call's agreed values and the numbers of ranks and nodes,
/// so all ranks choose alike. Immutable.
class Selector {
 public:
  /// `tuning` null: the built-in one.
  Selector(std::shared_ptr<const Tuning> tuning, const Place& place);

  const Tuning& tuning() const noexcept { return *tuning_; }

  /// \throws UsageError  the call asks for an algorithm that does not fit; lists those that do
  Choice choose(const Call& call) const;

  /// One line: "allreduce f32 64 MiB, 4 ranks on 1 node: shared (rule 3 of ...: one node)".
  /// \throws UsageError as choose()
  std::string explain(const Call& call) const;

 private:
  struct Candidate {
    const TuningRule* rule;
    Choice choice;
  };
  /// What one collective may run at this place.
  struct Menu {
    std::vector<Algorithm> fitting;
    std::vector<Candidate> candidates;  // rules that hold for some of its calls
  };

  const Menu& menu_of(Collective collective) const {
    return menus_.at(static_cast<std::size_t>(collective));
  }
  void add_candidates(std::span<const TuningRule> rules, Choice::Reason reason);
  void require_fitting(const Call& call) const;
  std::string describe(const Choice& choice) const;

  std::shared_ptr<const Tuning> tuning_;
  Place place_;
  std::array<Menu, 8> menus_;  // by collective
};

}  // namespace rondo::comm
