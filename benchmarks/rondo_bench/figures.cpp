// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/figures.hpp"

namespace rondo::bench {
namespace {

/// What crosses a link for each byte of the whole, in the best algorithm for ranks apart.
double bus_factor(const Shape& shape) {
  const double others = static_cast<double>(shape.ranks - 1) / shape.ranks;
  switch (shape.collective) {
    case comm::Collective::allreduce: return 2 * others;
    case comm::Collective::reduce_scatter:
    case comm::Collective::allgather: return others;
    default: return 1;
  }
}

}  // namespace

double Figures::algorithm_bandwidth() const {
  return static_cast<double>(shape.bytes()) / seconds.median;
}

double Figures::bus_bandwidth() const {
  return algorithm_bandwidth() * bus_factor(shape);
}

Figures figures_of(const Shape& shape, comm::Algorithm algorithm, const Lap& lap) {
  return {.shape = shape,
          .algorithm = algorithm,
          .seconds = summarize(lap.seconds),
          .repeats = lap.seconds.size(),
          .batch = lap.batch,
          .wrong = lap.wrong};
}

Reference reference(const Lap& other, const Lap& ours) {
  return {.seconds = summarize(other.seconds).median,
          .ratio = median_ratio(other.seconds, ours.seconds)};
}

}  // namespace rondo::bench
