// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/session_state.hpp"

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo::train {
namespace {

/// In the shortest texts that read back to the same bits.
std::string text_of(const std::vector<double>& numbers) {
  return fmt::format("{}", fmt::join(numbers, " "));
}

}  // namespace

Gathered gather(comm::Communicator& comm, Session& session) {
  session.finish_parameters();
  Gathered gathered{.slots = session.optimizer_state().gather(comm), .compression = {}};
  if (session.compressor() != nullptr)
    gathered.compression = grad::gather_state(comm, *session.compressor());
  return gathered;
}

std::vector<checkpoint::Tensor> tensors_of(Session& session, Gathered& gathered) {
  grad::Arena& arena = session.arena();
  const optim::Optimizer& optimizer = session.optimizer();
  const auto slot_names = optimizer.slot_names();
  std::vector<checkpoint::Tensor> tensors;
  for (std::size_t i = 0; i < arena.specs().size(); ++i) {
    const ParameterSpec& spec = arena.specs()[i];
    tensors.push_back({"parameter/" + spec.name, spec.shape, arena.view(i).value});
    if (spec.role == ParameterRole::statistic) continue;
    for (std::size_t k = 0; k < slot_names.size(); ++k) {
      const Shape shape = optimizer.slot_shape(k, spec.shape);
      if (element_count(shape) == 0) continue;
      tensors.push_back(
          {fmt::format("slot/{}/{}", slot_names[k], spec.name), shape, gathered.slots.of(k, i)});
    }
  }
  for (grad::SavedTensor& tensor : gathered.compression.tensors)
    tensors.push_back({"compression/" + tensor.name, tensor.shape, tensor.values.span()});
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
