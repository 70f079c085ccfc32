// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/one_shot_call.hpp"

#include <algorithm>

#include "comm/algorithms/one_shot.hpp"

namespace rondo::comm {
namespace {

using algorithms::Contributions;

Contributions contributions_to(const Call& call, Channel& channel) {
  if (call.collective != Collective::broadcast)
    return Contributions::of_all(channel, call.input.size());
  return Contributions::of_one(channel, call.root, call.input.size());
}

/// This rank's output follows from what all ranks show.
void finish(const Call& call, Channel& channel, Contributions& all) {
  const algorithms::Reduction reduction{call.dtype, call.op};
  switch (call.collective) {
    case Collective::allreduce:
      return reduce_contributions(channel, all, reduction, 0, call.output);
    case Collective::reduce_scatter:
      return reduce_contributions(channel, all, reduction,
                                  static_cast<std::size_t>(channel.rank()) * call.output.size(),
                                  call.output);
    case Collective::allgather:
      return copy_contributions(channel, all, Blocks(call.output, 1, all.way().size()));
    case Collective::broadcast: channel.arithmetic().copy(all.of(call.root), call.output); return;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
    case Collective::all_to_all: return;
  }
}

}  // namespace

std::size_t shown_bytes(const Call& call, int size) {
  const bool all_show = call.collective != Collective::broadcast;
  return call.input.size() * (all_show ? static_cast<std::size_t>(size) : 1);
}

Task one_shot_call(Channel& channel, Call call, Signature signature, std::size_t limit_bytes) {
  Contributions all = contributions_to(call, channel);
  const auto own = all.own();
  channel.arithmetic().copy(call.input.first(own.size()), own);
  co_await exchange_calls(channel, signature, all, limit_bytes);
  finish(call, channel, all);
}

}  // namespace rondo::comm
