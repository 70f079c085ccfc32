// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/tracing.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/host_name.hpp"
#include "rondo/base/log.hpp"
#include "rondo/base/output_error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/telemetry/trace_convert.hpp"

#include "train/clock_exchange.hpp"

namespace rondo::train {
namespace {

namespace fs = std::filesystem;

fs::path logs_of(const fs::path& file) {
  return file.string() + ".ranks";
}

/// Processes that read the same here share CLOCK_MONOTONIC.
std::uint64_t this_clock() {
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::ifstream time_offsets("/proc/self/timens_offsets");  // of a time namespace
  std::string id{std::istreambuf_iterator<char>(boot), std::istreambuf_iterator<char>()};
  id.append(std::istreambuf_iterator<char>(time_offsets), std::istreambuf_iterator<char>());
  return content_hash(id);
}

/// Later starts of a run have larger ones.
std::uint64_t new_life() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
}

void make_way(const fs::path& logs) {
  std::error_code problem;
  const fs::path before = logs.string() + ".before";
  if (fs::exists(logs)) {
    fs::remove_all(before, problem);
    if (!problem) fs::rename(logs, before, problem);
  }
  if (problem)
    throw output_error(fmt::format("cannot move {} to {}", logs.string(), before.string()),
                       problem.value());
}

}  // namespace

Tracing::Tracing(comm::Communicator& comm, const Options& options)
    : comm_(comm), options_(options) {
  if (!options_.file.empty()) open();
}

Tracing::~Tracing() = default;

void Tracing::open() {
  comm::agree_on_success(comm_, [this] {
    if (is_root(comm_)) make_way(logs_of(options_.file));
  });
  clock_ = this_clock();
  std::vector<std::uint64_t> clocks(static_cast<std::size_t>(comm_.size()));
  comm::allgather(comm_, std::span<const std::uint64_t>(&clock_, 1), std::span(clocks));
  std::uint64_t life = new_life();
  comm::broadcast(comm_, std::span(&life, 1), 0);
  comm::agree_on_success(comm_, [&] {
    make_directories_durably(logs_of(options_.file));
    trace_ = std::make_unique<telemetry::Trace>(
        telemetry::Trace::Options{.directory = logs_of(options_.file),
                                  .identity = {.life = life,
                                               .rank = comm_.rank(),
                                               .ranks = comm_.size(),
                                               .host = host_name(),
                                               .clock = clock_,
                                               .reference = clocks.front(),
                                               .begin = telemetry::trace_now()},
                                  .steps = options_.steps});
  });
  thread_.emplace(trace_.get(), "trainer");
  const auto first = std::find(clocks.begin(), clocks.end(), clock_) - clocks.begin();
  clocks_ = comm_.split(first == comm_.rank() ? 0 : -1, comm_.rank());
  compare_clocks();
}

void Tracing::compare_clocks() {
  if (!clocks_ || clocks_->size() == 1) return;
  trace_->add_clock(exchange_clocks(*clocks_, telemetry::trace_now));
}

void Tracing::end_step(std::uint64_t step) {
  if (!trace_) return;
  trace_->end_step(step);
  last_step_ = step;
  if (step % options_.clock_interval == 0) compare_clocks();
}

void Tracing::finish() {
  if (!trace_) return;
  compare_clocks();
  trace_->end_step(last_step_);
  comm::barrier(comm_);  // all logs are written
  if (!is_root(comm_)) return;
  const fs::path logs = logs_of(options_.file);
  try {
    const auto seen = telemetry::ranks_with_traces(logs).size();
    if (seen < static_cast<std::size_t>(comm_.size()))
      return log::warning(
          fmt::format("the trace is not converted: rank 0's host sees the logs of {} of {} ranks. "
                      "Bring all hosts' {} together and run: rondo-trace {} {}",
                      seen, comm_.size(), logs.string(), logs.string(), options_.file.string()));
    for (const std::string& warning : telemetry::convert_trace(logs, options_.file).warnings)
      log::warning(warning);
  } catch (const IoError& e) {
    log::warning(fmt::format("the trace is not converted: {}", e.what()));
  }
}

}  // namespace rondo::train
