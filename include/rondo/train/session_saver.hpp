// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/background.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"

namespace rondo::train {

/// What a checkpoint that could not be written means for the run.
enum class SaveFailure : std::uint8_t {
  stop,       ///< its end: AgreedError
  keep_going  ///< a warning, as long as a later one can be written
};

/// Saves a session again and again, behind the training's back: each rank that writes copies what
/// it writes at a step's end, and a thread writes the copy while the next steps run. At most one
/// save is under way.
///
/// How a save ended is agreed by all ranks at the next one, or in finish(): nobody waits for it in
/// between, and no step can differ by it. Not thread-safe. `comm` must outlive the saver. The
/// destructor waits for the save under way.
class SessionSaver {
 public:
  struct Options {
    std::filesystem::path directory;
    checkpoint::Retention retention = {};
    SaveWriters writers = SaveWriters::automatic;  ///< see prepare()
    bool in_background = true;  ///< false: save() returns when the checkpoint is on disk
    SaveFailure on_failure = SaveFailure::stop;
    /// Steps between the saves that is_due() asks for. 0: none; nothing: as many as it takes for
    /// saving to cost no more than `overhead` of the run's time, by what saves and steps have
    /// taken.
    std::optional<std::uint64_t> every = 0;
    double overhead = 0.01;
  };

  /// \throws UsageError  an overhead that is not positive
  SessionSaver(comm::Communicator& comm, Options options);

  /// Whether it is time for a save after `step` steps; ask after each. Alike on all ranks. Local.
  bool is_due(std::uint64_t step);

  /// Finds out who writes, which the first save does otherwise: so that a run that cannot save ends
  /// before it trains. Collective. \throws AgreedError  configuration: Options::writers that do not
  /// all see the directory, whatever Options::on_failure; with SaveFailure::stop: cannot_create, io
  void prepare(Session& session);

  /// Saves as train::save does, of the state at the call. Collective.
  /// \throws AgreedError  with SaveFailure::stop: the save before failed, or this one could not be
  ///                      started, or without Options::in_background be made
  void save(Session& session, std::uint64_t step, const RunIdentity& identity,
            const RunRecord& record = {});

  /// Returns when the last save is on disk; call it before a run's end. Collective.
  /// \throws AgreedError  it is not, whatever Options::on_failure
  void finish();

  /// Bytes of the copy that saves in the background keep on one of the ranks, from the first one
  /// on; with SaveWriters::automatic where all ranks see the directory. Local.
  static std::size_t planned_copy(std::span<const ParameterSpec> parameters,
                                  const optim::Optimizer& optimizer,
                                  const Session::Options& options, SaveWriters writers, int rank,
                                  int ranks);
  /// Who writes: one or all, once that is known. Local.
  SaveWriters writers() const noexcept {
    if (!all_save_) return options_.writers;
    return *all_save_ ? SaveWriters::all : SaveWriters::one;
  }
  /// What the copy takes on this rank now, measured page by page. Local.
  std::size_t resident_copy() const { return background_.resident_bytes(); }

  /// What the last save that has ended took behind save(), on rank 0; 0 without
  /// Options::in_background, nothing before the first. Local.
  std::optional<double> seconds_behind() const noexcept {
    return options_.in_background ? background_.seconds() : 0;
  }

 private:
  /// All ranks learn how the save under way ended. Collective. \throws AgreedError  it failed
  void settle();
  /// Collective. \throws AgreedError
  bool all_save(Session& session);
  void start_by_one(Session& session, std::uint64_t step, const checkpoint::Metadata& metadata);
  void start_by_all(Session& session, std::uint64_t step, const checkpoint::Metadata& metadata);
  /// All ranks learn when the next save is due. Collective.
  void plan_next(std::uint64_t step, double stall_seconds);
  /// Runs something that throws the same AgreedError on all ranks or on none.
  void by_policy(const std::function<void()>& collective);

  comm::Communicator& comm_;
  Options options_;
  checkpoint::BackgroundSaver background_;   // idle on ranks that do not write
  std::optional<bool> all_save_;             // once it is known
  std::optional<AgreedError> last_failure_;  // of the last save, with SaveFailure::keep_going

  // For saves as often as the overhead allows: when the last one ended, or the run began.
  std::chrono::steady_clock::time_point last_end_ = std::chrono::steady_clock::now();
  std::optional<std::uint64_t> last_step_;
  std::uint64_t next_step_ = 0;
};

}  // namespace rondo::train
