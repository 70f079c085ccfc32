// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session_saver.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/telemetry/trace.hpp"

#include "train/save_interval.hpp"
#include "train/session_state.hpp"
#include "train/several_writers.hpp"

namespace rondo::train {
namespace {

using Clock = std::chrono::steady_clock;

/// Enough to know what a step takes.
constexpr std::uint64_t steps_to_first_save = 10;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// What `collect` brings together for a save.
template <class Collect>
auto traced(Collect collect) {
  const telemetry::TraceSpan span(telemetry::Activity::checkpoint_gather);
  return collect();
}

}  // namespace

SessionSaver::SessionSaver(comm::Communicator& comm, Options options)
    : comm_(comm), options_(std::move(options)) {
  require(options_.overhead > 0, "SessionSaver: the overhead must be positive");
}

bool SessionSaver::is_due(std::uint64_t step) {
  if (options_.every) return *options_.every > 0 && step % *options_.every == 0;
  if (!last_step_) {
    last_step_ = step - 1;
    next_step_ = step + steps_to_first_save - 1;
  }
  return step >= next_step_;
}

void SessionSaver::prepare(Session& session) {
  by_policy([&] { all_save(session); });
}

void SessionSaver::save(Session& session, std::uint64_t step, const RunIdentity& identity,
                        const RunRecord& record) {
  const auto begin = Clock::now();
  by_policy([this] { settle(); });
  last_failure_.reset();
  by_policy([&] {
    const bool by_all = all_save(session);
    const checkpoint::Metadata metadata = metadata_of(comm_, session, identity, record);
    if (!options_.in_background)
      (by_all ? save_by_all : save_by_one)(comm_, session, options_.directory, step, metadata,
                                           options_.retention);
    else if (by_all)
      start_by_all(session, step, metadata);
    else
      start_by_one(session, step, metadata);
  });
  if (!options_.every) plan_next(step, seconds_since(begin));
}

void SessionSaver::finish() {
  settle();
  if (last_failure_) throw AgreedError(*last_failure_);
}

void SessionSaver::settle() {
  const telemetry::TraceSpan span(telemetry::Activity::checkpoint_settle);
  comm::agree_on_success(comm_, [this] { background_.wait(); });
}

bool SessionSaver::all_save(Session& session) {
  if (!all_save_) all_save_ = all_write(comm_, session, options_.directory, options_.writers);
  return *all_save_;
}

void SessionSaver::start_by_one(Session& session, std::uint64_t step,
                                const checkpoint::Metadata& metadata) {
  Gathered gathered = traced([&] { return gather(comm_, session); });
  comm::agree_on_success(comm_, [&] {
    if (!is_root(comm_)) return;
    background_.start(options_.directory, step, tensors_of(session, gathered), metadata,
                      options_.retention);
  });
}

void SessionSaver::start_by_all(Session& session, std::uint64_t step,
                                const checkpoint::Metadata& metadata) {
  const OwnPart own = traced([&] { return own_part(comm_, session); });
  // First on all: a rank without memory would leave the others' threads waiting for it.
  comm::agree_on_success(comm_, [&] { background_.reserve(elements_in(own.pieces)); });
  comm::agree_on_success(comm_, [&] {
    background_.start(own.writer, options_.directory, step, own.tensors, own.pieces, metadata,
                      options_.retention);
  });
}

void SessionSaver::plan_next(std::uint64_t step, double stall_seconds) {
  const std::uint64_t steps = step - std::min(last_step_.value_or(0), step);
  const double step_seconds = (seconds_since(last_end_) - stall_seconds) /
                              static_cast<double>(std::max<std::uint64_t>(steps, 1));
  // The thread takes its time from a rank that all others wait for. Before it has told how much
  // that is, writing counts as ten times what copying took.
  const double behind =
      options_.in_background ? background_.processor_seconds().value_or(10 * stall_seconds) : 0;
  auto interval = static_cast<std::int64_t>(
      steps_between_saves(stall_seconds + behind, step_seconds, options_.overhead));
  comm::broadcast(comm_, std::span(&interval, 1), 0);
  next_step_ = step + static_cast<std::uint64_t>(interval);
  last_step_ = step;
  last_end_ = Clock::now();
}

void SessionSaver::by_policy(const std::function<void()>& collective) {
  try {
    collective();
  } catch (const AgreedError& e) {
    if (options_.on_failure == SaveFailure::stop || e.code() == ExitCode::configuration) throw;
    if (is_root(comm_))
      log::warning(fmt::format("training goes on without a checkpoint: {}", e.what()));
    last_failure_ = e;
  }
}

}  // namespace rondo::train
