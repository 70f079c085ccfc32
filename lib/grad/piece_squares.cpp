// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/piece_squares.hpp"

#include <algorithm>

#include "rondo/precision/squares.hpp"

namespace rondo::grad {

PieceSquares::PieceSquares(const Layout& layout, comm::Communicator& comm)
    : layout_(layout),
      comm_(comm),
      memory_(comm.allocate((layout.pieces().size() + Trailer::used) * sizeof(double))),
      all_(reinterpret_cast<double*>(memory_->bytes().data()),
           layout.pieces().size() + Trailer::used) {}

void PieceSquares::clear() {
  std::ranges::fill(all_, 0.0);
}

void PieceSquares::measure(ElementRange bucket, std::span<const float> shard) {
  const ElementRange mine = layout_.shard(bucket, comm_.rank());
  const ElementRange held = layout_.pieces_in(mine);
  for (std::size_t i = held.begin; i < held.end; ++i) {
    const ElementRange piece = layout_.pieces()[i].range;
    all_[i] = precision::sum_of_squares(shard.subspan(piece.begin - mine.begin, piece.size()));
  }
  const std::size_t trailer = layout_.trailer();
  if (trailer < mine.begin || trailer >= mine.end) return;
  const auto sums = shard.subspan(trailer - mine.begin, Trailer::used);
  std::ranges::copy(sums, all_.last(Trailer::used).begin());
}

StepSums PieceSquares::exchange() {
  if (comm_.size() > 1)
    comm_.run({.collective = comm::Collective::allreduce,
               .dtype = DType::f64,
               .op = comm::ReduceOp::sum,
               .input = std::as_bytes(all_),
               .output = std::as_writable_bytes(all_),
               .options = {.name = "squares"}});
  const auto sums = all_.last(Trailer::used);
  return {.weight = sums[Trailer::weight],
          .loss = sums[Trailer::loss],
          .correct = sums[Trailer::correct],
          .stop = sums[Trailer::stop] > 0,
          .complete = sums[Trailer::complete] > 0};
}

}  // namespace rondo::grad
