// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/piece_squares.hpp"

#include <algorithm>

#include "rondo/precision/squares.hpp"
#include "rondo/precision/strided_sum.hpp"

namespace rondo::grad {
namespace {

std::size_t elements_of(const Layout& layout, std::size_t ranks) {
  return layout.pieces().size() + telemetry::cause_count * ranks + Trailer::used;
}

}  // namespace

PieceSquares::PieceSquares(const Layout& layout, comm::Communicator& comm)
    : layout_(layout),
      comm_(comm),
      of_parameters_(layout.specs().size()),
      times_(static_cast<std::size_t>(comm.size())),
      memory_(comm.allocate(elements_of(layout, times_.size()) * sizeof(double))),
      all_(reinterpret_cast<double*>(memory_->bytes().data()), elements_of(layout, times_.size())) {
}

void PieceSquares::clear() {
  std::ranges::fill(all_, 0.0);
  std::ranges::fill(of_parameters_, 0.0);
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

void PieceSquares::report(const telemetry::RankTimes& times) {
  const auto own = static_cast<std::size_t>(comm_.rank()) * telemetry::cause_count;
  std::ranges::copy(times.seconds, reports().subspan(own).begin());
}

StepSums PieceSquares::exchange() {
  if (comm_.size() > 1)
    comm_.run({.collective = comm::Collective::allreduce,
               .dtype = DType::f64,
               .op = comm::ReduceOp::sum,
               .input = std::as_bytes(all_),
               .output = std::as_writable_bytes(all_),
               .options = {.name = "squares"}});
  for (std::size_t r = 0; r < times_.size(); ++r)
    std::ranges::copy(reports().subspan(r * telemetry::cause_count, telemetry::cause_count),
                      times_[r].seconds.begin());
  add_up_parameters();
  const auto sums = all_.last(Trailer::used);
  return {.weight = sums[Trailer::weight],
          .loss = sums[Trailer::loss],
          .correct = sums[Trailer::correct],
          .stop = sums[Trailer::stop] > 0,
          .complete = sums[Trailer::complete] > 0};
}

void PieceSquares::add_up_parameters() {
  for (std::size_t p = 0; p < of_parameters_.size(); ++p) {
    const ElementRange own = layout_.pieces_in(layout_.parameter(p));
    of_parameters_[p] =
        precision::strided_sum(std::span<const double>(all_.subspan(own.begin, own.size())));
  }
}

}  // namespace rondo::grad
