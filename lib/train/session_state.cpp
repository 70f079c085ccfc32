// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/session_state.hpp"

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::train {
namespace {

/// In the shortest texts that read back to the same bits.
std::string text_of(const std::vector<double>& numbers) {
  return fmt::format("{}", fmt::join(numbers, " "));
}

/// As grad::gather_state() on `ranks` ranks has it.
checkpoint::TensorSpec residual_spec(const grad::StateTensor& tensor, int ranks) {
  checkpoint::TensorSpec spec{.name = "compression/" + tensor.name, .shape = tensor.shape};
  if (tensor.kind == grad::StateKind::per_rank)
    spec.shape.insert(spec.shape.begin(), static_cast<std::size_t>(ranks));
  return spec;
}

}  // namespace

Gathered gather(comm::Communicator& comm, Session& session) {
  session.finish_parameters();
  Gathered gathered{.slots = session.optimizer_state().gather(comm), .compression = {}};
  if (session.compressor() != nullptr)
    gathered.compression = grad::gather_state(comm, *session.compressor());
  return gathered;
}

std::vector<StateEntry> state_entries(Session& session, int ranks) {
  using Kind = StateEntry::Kind;
  const optim::Optimizer& optimizer = session.optimizer();
  const auto slot_names = optimizer.slot_names();
  const auto specs = session.arena().specs();
  std::vector<StateEntry> entries;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const ParameterSpec& spec = specs[i];
    entries.push_back({{"parameter/" + spec.name, spec.shape}, Kind::value, i});
    if (spec.role == ParameterRole::statistic) continue;
    for (std::size_t k = 0; k < slot_names.size(); ++k) {
      const Shape shape = optimizer.slot_shape(k, spec.shape);
      if (element_count(shape) == 0) continue;
      entries.push_back(
          {{fmt::format("slot/{}/{}", slot_names[k], spec.name), shape}, Kind::slot, i, k});
    }
  }
  if (session.compressor() == nullptr) return entries;
  std::size_t index = 0;
  for (const grad::StateTensor& tensor : session.compressor()->state())
    entries.push_back({residual_spec(tensor, ranks), Kind::residual, index++});
  return entries;
}

std::vector<checkpoint::Tensor> tensors_of(Session& session, Gathered& gathered) {
  using Kind = StateEntry::Kind;
  const auto elements_of = [&](const StateEntry& entry) {
    switch (entry.kind) {
      case Kind::value: return session.arena().view(entry.index).value;
      case Kind::slot: return gathered.slots.of(entry.slot, entry.index);
      case Kind::residual: return gathered.compression.tensors[entry.index].values.span();
    }
    throw UsageError("a kind of state that does not exist");
  };
  std::vector<checkpoint::Tensor> tensors;
  for (const StateEntry& entry : state_entries(session, gathered.compression.ranks))
    tensors.push_back({entry.spec.name, entry.spec.shape, elements_of(entry)});
  return tensors;
}

checkpoint::Metadata metadata_of(const comm::Communicator& comm, const Session& session,
                                 const RunIdentity& identity, const RunRecord& record) {
  const Session::Counters counters = session.counters();
  checkpoint::Metadata metadata{
      {"applied_steps", fmt::format("{}", counters.applied_steps)},
      {"clean_steps", fmt::format("{}", counters.scaler.clean_steps)},
      {"loss_scale", fmt::format("{}", counters.scaler.scale)},
      {"bad_steps", fmt::format("{}", counters.health.bad_steps)},
      {"recent_losses", text_of(counters.health.losses)},
      {"recent_norms", text_of(counters.health.norms)},
      {"ranks", fmt::format("{}", comm.size())},
      {"bucket_bytes", fmt::format("{}", session.bucket_size().bytes)},
  };
  for (const auto& [key, value] : identity)
    metadata[std::string(identity_prefix) + key] = value;
  for (const auto& [key, value] : record.conditions)
    metadata[std::string(condition_prefix) + key] = value;
  for (const auto& [key, value] : record.notes)
    metadata[std::string(note_prefix) + key] = value;
  return metadata;
}

}  // namespace rondo::train
