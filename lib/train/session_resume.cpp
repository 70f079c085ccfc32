// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/checkpoint/inspect.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "train/collective_reading.hpp"
#include "train/incoming_state.hpp"
#include "train/load_plan.hpp"
#include "train/session_state.hpp"
#include "train/stored_run.hpp"

namespace rondo::train {
namespace {

/// By the checkpoint's tensors, which entry each is.
std::vector<std::int64_t> order_of(const checkpoint::Contents& found,
                                   const std::vector<StateEntry>& entries) {
  std::map<std::string_view, std::int64_t> numbers;
  for (const StateEntry& entry : entries)
    numbers.emplace(entry.spec.name, std::ssize(numbers));
  std::vector<std::int64_t> order;
  for (const checkpoint::TensorEntry& tensor : found.tensors)
    order.push_back(numbers.at(tensor.name));
  return order;
}

/// An opened checkpoint of this run, and what all ranks know of it.
struct OfThisRun {
  StoredCounters counters;
  std::vector<double> history;
  std::vector<std::int64_t> order;
};

/// Collective. \throws AgreedError  it is not of this run, or its tensors not of this model
OfThisRun check_run(comm::Communicator& comm, Session& session, const SharedReader& opened,
                    const RunIdentity& identity) {
  OfThisRun run;
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    const checkpoint::Contents& found = opened.reader->contents();
    check_identity(found, identity);
    run.counters = stored_counters(found, run.history);
    session.check(counters_of(run.counters, run.history));
    const auto entries = state_entries(session, static_cast<int>(run.counters.ranks));
    std::vector<checkpoint::TensorSpec> expected;
    for (const StateEntry& entry : entries)
      expected.push_back(entry.spec);
    checkpoint::require_tensors(found, expected);
    run.order = order_of(found, entries);
  });
  comm::broadcast(comm, std::span(&run.counters, 1), 0);
  run.history.resize(static_cast<std::size_t>(run.counters.history));
  comm::broadcast(comm, std::span(run.history), 0);
  auto tensors = static_cast<std::int64_t>(run.order.size());
  comm::broadcast(comm, std::span(&tensors, 1), 0);
  run.order.resize(static_cast<std::size_t>(tensors));
  comm::broadcast(comm, std::span(run.order), 0);
  return run;
}

/// Makes the opened checkpoint the session's state, or says what is wrong with it, and nothing has
/// changed. Collective.
std::optional<std::string> load(comm::Communicator& comm, Session& session,
                                const SharedReader& opened, const OfThisRun& run) {
  session.finish_parameters();
  std::unique_ptr<IncomingState> incoming;
  comm::agree_on_success(comm, [&] {
    incoming = incoming_state(comm, session, static_cast<int>(run.counters.ranks));
  });
  std::vector<std::size_t> counts;
  for (const std::int64_t entry : run.order)
    counts.push_back(
        element_count(incoming->entries()[static_cast<std::size_t>(entry)].spec.shape));
  const LoadPlan plan(counts, {.readers = opened.readers, .block_elements = opened.block_elements});
  const auto take = [&](std::size_t tensor, std::size_t first, std::span<const float> elements) {
    incoming->store(static_cast<std::size_t>(run.order[tensor]), first, elements);
  };
  if (auto damage = read_together(comm, opened, plan, take)) return damage;
  incoming->commit(comm);
  session.restore(counters_of(run.counters, run.history));
  return std::nullopt;
}

/// The checkpoints of a directory, as rank 0 sees them, the newest first; and why some were passed
/// over.
class Candidates {
 public:
  /// Collective. \throws AgreedError  the directory cannot be read
  Candidates(comm::Communicator& comm, const std::filesystem::path& directory)
      : comm_(comm), directory_(directory) {
    comm::agree_on_success(comm, [&] {
      if (is_root(comm)) committed_ = checkpoint::list_committed(directory);
    });
  }

  /// The next one, as this rank names it. Collective. \throws AgreedError  there were some, but all
  /// were skipped
  std::optional<std::filesystem::path> next() {
    const std::string name = comm::text_of_root(
        comm_, next_ < committed_.size() ? committed_[next_++].directory.filename().string() : "");
    if (!name.empty()) return directory_ / name;
    comm::agree_on_success(comm_, [this] { refuse_to_start_afresh(); });
    return std::nullopt;
  }

  void skip(const std::filesystem::path& checkpoint, const std::string& reason) {
    if (!is_root(comm_)) return;
    log::warning(fmt::format("skipped checkpoint {}: {}", checkpoint.string(), reason));
    reasons_ += fmt::format("\n  {}", reason);
  }

 private:
  void refuse_to_start_afresh() const {
    if (reasons_.empty()) return;
    throw IoError(ExitCode::bad_content,
                  fmt::format("no checkpoint in {} is valid:{}\nMove them away to start afresh",
                              directory_.string(), reasons_));
  }

  comm::Communicator& comm_;
  std::filesystem::path directory_;
  std::vector<checkpoint::Committed> committed_;  // on rank 0
  std::size_t next_ = 0;
  std::string reasons_;
};

}  // namespace

std::optional<std::uint64_t> resume(comm::Communicator& comm, Session& session,
                                    const std::filesystem::path& directory,
                                    const RunIdentity& identity, const RunConditions& conditions,
                                    Notes* notes) {
  Candidates candidates(comm, directory);
  while (const auto candidate = candidates.next()) {
    SharedReader opened;
    if (const auto damage = open_together(comm, *candidate, opened)) {
      candidates.skip(*candidate, *damage);
      continue;
    }
    const OfThisRun run = check_run(comm, session, opened, identity);
    if (const auto damage = load(comm, session, opened, run)) {
      candidates.skip(*candidate, *damage);
      continue;
    }
    if (is_root(comm)) {
      warn_of_other_conditions(opened.reader->contents(), conditions);
      if (notes != nullptr) *notes = notes_of(opened.reader->contents());
    }
    return static_cast<std::uint64_t>(run.counters.step);
  }
  return std::nullopt;
}

}  // namespace rondo::train
