// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/call.hpp"

namespace rondo::comm {

std::string_view name_of(Collective collective) {
  switch (collective) {
    case Collective::allreduce: return "allreduce";
    case Collective::reduce_scatter: return "reduce_scatter";
    case Collective::allgather: return "allgather";
    case Collective::broadcast: return "broadcast";
    case Collective::barrier: return "barrier";
    case Collective::allreduce_lanes: return "allreduce_lanes";
    case Collective::reduce_scatter_lanes: return "reduce_scatter_lanes";
    case Collective::all_to_all: return "all_to_all";
  }
  return "?";
}

std::string_view name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::automatic: return "auto";
    case Algorithm::ring: return "ring";
    case Algorithm::recursive_doubling: return "recursive_doubling";
    case Algorithm::rabenseifner: return "rabenseifner";
    case Algorithm::direct: return "direct";
    case Algorithm::one_shot: return "one_shot";
    case Algorithm::tree: return "tree";
    case Algorithm::pipelined_tree: return "pipelined_tree";
    case Algorithm::hierarchical: return "hierarchical";
    case Algorithm::shared: return "shared";
  }
  return "?";
}

std::string_view name_of(Wire wire) {
  switch (wire) {
    case Wire::exact: return "exact";
    case Wire::bf16: return "bf16";
    case Wire::f16: return "f16";
  }
  return "?";
}

std::string_view name_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum: return "sum";
    case ReduceOp::avg: return "avg";
    case ReduceOp::min: return "min";
    case ReduceOp::max: return "max";
  }
  return "?";
}

}  // namespace rondo::comm
