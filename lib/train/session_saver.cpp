// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session_saver.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/agree.hpp"

#include "train/session_state.hpp"

namespace rondo::train {

SessionSaver::SessionSaver(comm::Communicator& comm, Options options)
    : comm_(comm), options_(std::move(options)) {}

void SessionSaver::save(Session& session, std::uint64_t step, const RunIdentity& identity,
                        const RunRecord& record) {
  by_policy([this] { settle(); });
  last_failure_.reset();
  by_policy([&] {
    if (options_.in_background) return start(session, step, identity, record);
    train::save(comm_, session, options_.directory, step, identity, record, options_.retention);
  });
}

void SessionSaver::finish() {
  settle();
  if (last_failure_) throw AgreedError(*last_failure_);
}

void SessionSaver::settle() {
  comm::agree_on_success(comm_, [this] { background_.wait(); });
}

void SessionSaver::start(Session& session, std::uint64_t step, const RunIdentity& identity,
                         const RunRecord& record) {
  Gathered gathered = gather(comm_, session);
  comm::agree_on_success(comm_, [&] {
    if (!is_root(comm_)) return;
    background_.start(options_.directory, step, tensors_of(session, gathered),
                      metadata_of(comm_, session, identity, record), options_.retention);
  });
}

void SessionSaver::by_policy(const std::function<void()>& collective) {
  try {
    collective();
  } catch (const AgreedError& e) {
    if (options_.on_failure == SaveFailure::stop) throw;
    if (is_root(comm_))
      log::warning(fmt::format("training goes on without a checkpoint: {}", e.what()));
    last_failure_ = e;
  }
}

}  // namespace rondo::train
