// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/grad/compression_state.hpp"

namespace rondo::grad {
namespace {

SavedTensor blank(const StateTensor& tensor, int ranks) {
  SavedTensor saved{.name = tensor.name, .shape = tensor.shape, .values = {}};
  if (tensor.kind == StateKind::per_rank)
    saved.shape.insert(saved.shape.begin(), static_cast<std::size_t>(ranks));
  saved.values = AlignedBuffer<float>(element_count(saved.shape));
  return saved;
}

void check_fits(const SavedState& saved, Compressor& compressor) {
  const auto wanted = blank_state(compressor, saved.ranks).tensors;
  const auto same = [](const SavedTensor& a, const SavedTensor& b) {
    return a.name == b.name && a.shape == b.shape && a.values.size() == b.values.size();
  };
  if (std::ranges::equal(saved.tensors, wanted, same)) return;
  throw UsageError(fmt::format(
      "the saved state of {} ranks ({} tensors) is not of this compressor ({} tensors): fill what "
      "blank_state() returns for the ranks that saved it",
      saved.ranks, saved.tensors.size(), wanted.size()));
}

/// The sum of the saved ranks' parts that are this rank's.
void take_part(const comm::Communicator& comm, std::span<const float> parts,
               std::span<float> values) {
  std::ranges::fill(values, 0.0F);
  const std::size_t stride = static_cast<std::size_t>(comm.size()) * values.size();
  for (std::size_t begin = static_cast<std::size_t>(comm.rank()) * values.size();
       begin < parts.size(); begin += stride) {
    std::ranges::transform(values, parts.subspan(begin, values.size()), values.begin(),
                           std::plus<>());
  }
}

}  // namespace

SavedState blank_state(Compressor& compressor, int ranks) {
  require(ranks >= 1, "a compressor's state is saved by one rank at least");
  SavedState state{.ranks = ranks, .tensors = {}};
  for (const auto& tensor : compressor.state())
    state.tensors.push_back(blank(tensor, ranks));
  return state;
}

SavedState gather_state(comm::Communicator& comm, Compressor& compressor) {
  SavedState state{.ranks = comm.size(), .tensors = {}};
  for (const auto& tensor : compressor.state()) {
    SavedTensor saved = blank(tensor, comm.size());
    if (tensor.kind == StateKind::per_rank)
      comm::allgather(comm, std::span<const float>(tensor.values), saved.values.span());
    else
      std::ranges::copy(tensor.values, saved.values.data());
    if (comm::is_root(comm)) state.tensors.push_back(std::move(saved));
  }
  return state;
}

void scatter_state(comm::Communicator& comm, const SavedState& saved, Compressor& compressor) {
  int ranks = saved.ranks;
  comm::agree_on_success(comm, [&] {
    if (comm::is_root(comm)) check_fits(saved, compressor);
  });
  comm::broadcast(comm, std::span(&ranks, 1), 0);
  std::size_t index = 0;
  for (const auto& tensor : compressor.state()) {
    SavedTensor received = blank(tensor, ranks);
    if (comm::is_root(comm))
      std::ranges::copy(saved.tensors[index].values.span(), received.values.data());
    ++index;
    comm::broadcast(comm, received.values.span(), 0);
    if (tensor.kind == StateKind::per_rank)
      take_part(comm, received.values.span(), tensor.values);
    else
      std::ranges::copy(received.values.span(), tensor.values.begin());
  }
}

}  // namespace rondo::grad
