// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/several_writers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/agree.hpp"

#include "train/optimizer_state.hpp"
#include "train/session_state.hpp"

namespace rondo::train {
namespace {

using Kind = StateEntry::Kind;
using Pieces = std::vector<checkpoint::Piece>;

/// Of a block of a state file: none has two writers, where that can be chosen.
constexpr std::size_t block_elements = (std::size_t{1} << 20) / sizeof(float);

/// With less, ranks take longer to agree that they write than rank 0 to copy it all, where they are
/// more than cores.
constexpr std::size_t least_elements_a_writer = 8 * block_elements;

/// What the ranks see of a directory. size() stands for none.
struct Sight {
  int first_blind;     ///< the lowest rank to which rank 0's directory is another
  int first_outdated;  ///< the lowest rank of another node to which it may show old content
};

/// Collective. \throws AgreedError
Sight look_at(comm::Communicator& comm, const std::filesystem::path& directory) {
  std::optional<checkpoint::SharedMark> mark;  // until all have looked
  comm::agree_on_success(comm, [&] {
    if (is_root(comm)) mark.emplace(directory);
  });
  const std::string name = comm::text_of_root(comm, mark ? mark->name() : "");
  const bool is_blind = !is_root(comm) && !checkpoint::is_marked(directory, name);
  const bool is_outdated = comm.place().node > 0 && checkpoint::shows_old_content(directory);
  std::array<std::int64_t, 2> first{is_blind ? comm.rank() : comm.size(),
                                    is_outdated ? comm.rank() : comm.size()};
  comm::allreduce(comm, std::span<std::int64_t>(first), comm::ReduceOp::min);
  return {static_cast<int>(first[0]), static_cast<int>(first[1])};
}

/// Whether rank 0 lacks something of the state, so that the others would have to send it.
bool is_spread(Session& session) {
  return session.optimizer_state().is_sharded() || session.compressor() != nullptr;
}

std::size_t elements_of(Session& session, int ranks) {
  std::size_t elements = 0;
  for (const StateEntry& entry : state_entries(session, ranks))
    elements += element_count(entry.spec.shape);
  return elements;
}

/// The shards of values and slots that this rank holds.
Pieces own_shards(Session& session, const std::vector<StateEntry>& entries) {
  grad::Arena& arena = session.arena();
  OptimizerState& state = session.optimizer_state();
  std::vector<std::vector<Run>> runs(arena.specs().size());
  for (const Part& part : state.holding().parts())
    for (const Run& run : part.runs)
      runs[run.parameter].push_back(run);
  Pieces pieces;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t begin = arena.layout().parameter(entries[i].index).begin;
    for (const Run& run : runs[entries[i].index])
      pieces.push_back({i, run.range.begin - begin,
                        entries[i].kind == Kind::value
                            ? arena.values().subspan(run.range.begin, run.range.size())
                            : state.of(entries[i].slot, run)});
  }
  return pieces;
}

/// What is of one rank alone is written by it, the rest in shares.
Pieces own_shares(comm::Communicator& comm, Session& session,
                  const std::vector<StateEntry>& entries) {
  OptimizerState::Whole slots = session.optimizer_state().gather(comm);  // views
  const auto remembered = session.compressor() != nullptr ? session.compressor()->state()
                                                          : std::vector<grad::StateTensor>{};
  Pieces pieces;
  std::vector<std::span<const float>> alike(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const StateEntry& entry = entries[i];
    if (entry.kind == Kind::value) alike[i] = session.arena().view(entry.index).value;
    if (entry.kind == Kind::slot) alike[i] = slots.of(entry.slot, entry.index);
    if (entry.kind != Kind::residual) continue;
    const grad::StateTensor& tensor = remembered[entry.index];
    if (tensor.kind == grad::StateKind::shared)
      alike[i] = tensor.values;
    else
      pieces.push_back(
          {i, static_cast<std::size_t>(comm.rank()) * tensor.values.size(), tensor.values});
  }
  std::vector<std::size_t> counts(alike.size());
  std::ranges::transform(alike, counts.begin(),
                         [](const auto elements) { return elements.size(); });
  const LoadPlan plan = shares_of_writers(counts, comm.size());
  for (std::size_t p = 0; p < plan.pieces(); ++p)
    for (const Segment& segment : plan.share(p, comm.rank()))
      pieces.push_back({segment.tensor, segment.first,
                        alike[segment.tensor].subspan(segment.first, segment.count)});
  return pieces;
}

}  // namespace

bool all_write(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
               SaveWriters writers) {
  if (writers == SaveWriters::one || comm.size() == 1) return false;
  if (writers == SaveWriters::automatic && !is_spread(session) &&
      !is_much(elements_of(session, comm.size()), comm.size()))
    return false;
  const Sight sight = look_at(comm, directory);
  std::string obstacle;
  if (sight.first_blind < comm.size())
    obstacle = fmt::format("rank {} does not see rank 0's {}, or may not write there",
                           sight.first_blind, directory.string());
  else if (sight.first_outdated < comm.size() && writers == SaveWriters::automatic)
    obstacle = fmt::format("rank {} may see old content of {}, as on NFS", sight.first_outdated,
                           directory.string());
  if (obstacle.empty()) return true;
  if (writers == SaveWriters::all)
    throw AgreedError(ExitCode::configuration,
                      fmt::format("{}, in which all ranks are to write: name a directory that all "
                                  "of them share, or let rank 0 write (--save-writers one)",
                                  obstacle));
  if (is_root(comm)) log::info(fmt::format("rank 0 writes checkpoints for all: {}", obstacle));
  return false;
}

OwnPart own_part(comm::Communicator& comm, Session& session) {
  session.finish_parameters();
  const std::vector<StateEntry> entries = state_entries(session, comm.size());
  OwnPart own;
  // Other ranks wait for rank 0 to have waited: within the communicator's limit.
  own.writer = {.number = comm.rank(),
                .count = comm.size(),
                .save_id = comm::text_of_root(comm, is_root(comm) ? checkpoint::new_save_id() : ""),
                .patience = comm.time_limit() / 2};
  for (const StateEntry& entry : entries)
    own.tensors.push_back(entry.spec);
  own.pieces = session.optimizer_state().is_sharded() ? own_shards(session, entries)
                                                      : own_shares(comm, session, entries);
  return own;
}

void save_by_all(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
                 std::uint64_t step, const checkpoint::Metadata& metadata,
                 const checkpoint::Retention& retention) {
  const OwnPart own = own_part(comm, session);
  comm::agree_on_success(comm, [&] {
    checkpoint::save(own.writer, directory, step, own.tensors, own.pieces, metadata, retention);
  });
}

void save_by_one(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
                 std::uint64_t step, const checkpoint::Metadata& metadata,
                 const checkpoint::Retention& retention) {
  Gathered gathered = gather(comm, session);
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    checkpoint::save(directory, step, tensors_of(session, gathered), metadata, retention);
  });
}

bool is_much(std::size_t elements, int ranks) {
  return elements / static_cast<std::size_t>(ranks) >= least_elements_a_writer;
}

LoadPlan shares_of_writers(std::span<const std::size_t> tensors, int ranks) {
  return {tensors, {.readers = ranks, .block_elements = block_elements}};
}

}  // namespace rondo::train
