// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/host_update.hpp"

#include <algorithm>

#include "rondo/precision/rounding.hpp"
#include "rondo/precision/strided_sum.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/telemetry/trace.hpp"

namespace rondo::train {
namespace {

/// Values, gradients and slots of a tile stay in the second-level cache until it is stored.
constexpr std::size_t tile_elements = 4 * grad::block_elements;

precision::RoundingKey rounding_key(const optim::StepContext& context) {
  return {.seed = context.rounding_seed, .step = context.step};
}

/// Two f64 a piece, as they travel.
std::span<double> doubles_of(std::span<optim::SquareSums> sums) {
  static_assert(sizeof(optim::SquareSums) == 2 * sizeof(double));
  return {reinterpret_cast<double*>(sums.data()), 2 * sums.size()};
}

}  // namespace

HostUpdate::HostUpdate(grad::Arena& arena, comm::Communicator& comm, grad::GradientSum& sum,
                       const optim::Optimizer& optimizer, const Options& options)
    : arena_(arena),
      comm_(comm),
      sum_(sum),
      optimizer_(optimizer),
      options_(options),
      state_(arena.layout(), optimizer, comm.rank(), sum.is_sharded()),
      peers_(arena, comm.rank()),
      gather_(arena, comm),
      slots_(state_.slots()) {
  if (options.one_pass && sum.is_sharded() && peers_.any())
    tiles_ = state_.holding().tiles(arena.layout(), tile_elements);
  if (optimizer.scope() != optim::Scope::norms) return;
  piece_sums_.resize(arena.layout().pieces().size());
  sums_.resize(arena.specs().size());
}

void HostUpdate::apply(const optim::StepContext& context, float weight_inverse) {
  if (optimizer_.scope() == optim::Scope::norms) measure_parameters(context);
  if (is_one_pass())
    update_and_store(context, weight_inverse);
  else
    update_and_gather(context, weight_inverse);
  if (options_.gather_in_step) finish_all();
}

void HostUpdate::finish(grad::ElementRange range) {
  if (!is_under_way(range)) return gather_.finish(range);
  const telemetry::TraceSpan span(telemetry::Activity::values_wait);
  const telemetry::Stopwatch waited;
  gather_.finish(range);
  sum_.times().spent(telemetry::Cause::communication, waited.seconds());
}

/// All ranks have entered the exchange of squares, so none of them reads its values any more.
void HostUpdate::update_and_store(const optim::StepContext& context, float weight_inverse) {
  for (const Part& tile : tiles_) {
    update_all(tile, context, weight_inverse);
    peers_.store(tile.range);
  }
  const telemetry::Stopwatch waited;
  comm_.run({.collective = comm::Collective::barrier, .options = {.name = "values"}});
  sum_.times().spent(telemetry::Cause::communication, waited.seconds());
  for (std::size_t i = 0; i < state_.holding().parts().size(); ++i)
    gather_.round_received(i, rounding_key(context));
}

/// The arena's end holds what a forward pass reads first.
void HostUpdate::update_and_gather(const optim::StepContext& context, float weight_inverse) {
  const auto& parts = state_.holding().parts();
  for (std::size_t i = parts.size(); i-- > 0;) {
    const Part& part = parts[i];
    update_all(part, context, weight_inverse);
    if (!sum_.is_sharded()) continue;
    // The gradients of this shard have served; their memory keeps the values while they travel.
    gather_.start(i, sum_.reduced().subspan(part.local, part.range.size()), rounding_key(context));
    comm_.progress();
  }
}

void HostUpdate::update_all(const Part& part, const optim::StepContext& context,
                            float weight_inverse) {
  for (const Run& run : part.runs) {
    if (is_statistic(run))
      update_statistic(run, weight_inverse);
    else
      update(run, context);
  }
}

bool HostUpdate::is_statistic(const Run& run) const {
  return arena_.specs()[run.parameter].role == ParameterRole::statistic;
}

optim::UpdateRange HostUpdate::range_of(const Run& run) {
  const ParameterSpec& spec = arena_.specs()[run.parameter];
  for (std::size_t k = 0; k < slots_.size(); ++k)
    slots_[k] = state_.of(k, run);
  return {.value = arena_.values().subspan(run.range.begin, run.range.size()),
          .grad = sum_.reduced().subspan(run.local, run.range.size()),
          .slots = slots_,
          .copy = arena_.copy().empty() ? std::span<bfloat16>()
                                        : arena_.copy().subspan(run.range.begin, run.range.size()),
          .first = run.range.begin,
          .shape = &spec.shape,
          .decays = spec.role == ParameterRole::weight};
}

void HostUpdate::update(const Run& run, const optim::StepContext& context) {
  optim::UpdateRange range = range_of(run);
  if (!sums_.empty()) range.sums = sums_[run.parameter];
  optimizer_.update(range, context);
}

void HostUpdate::update_statistic(const Run& run, float weight_inverse) {
  const float momentum = options_.statistic_momentum;
  const auto value = arena_.values().subspan(run.range.begin, run.range.size());
  const auto total = sum_.reduced().subspan(run.local, run.range.size());
  for (std::size_t i = 0; i < value.size(); ++i)
    value[i] = (1.0F - momentum) * value[i] + momentum * (total[i] * weight_inverse);
}

/// Every piece is measured once, by whom it concerns, and the pieces of a parameter are added in
/// one order: the same bits for any cut of the arena.
void HostUpdate::measure_parameters(const optim::StepContext& context) {
  std::ranges::fill(piece_sums_, optim::SquareSums{});
  for (const Part& part : state_.holding().parts()) {
    for (const Run& run : part.runs)
      if (!is_statistic(run)) measure_pieces(run, context);
  }
  if (sum_.is_sharded())
    comm::allreduce(comm_, doubles_of(piece_sums_), comm::ReduceOp::sum, {.name = "norms"});

  for (std::size_t p = 0; p < sums_.size(); ++p) {
    const auto [first, last] = arena_.layout().pieces_in(arena_.layout().parameter(p));
    sums_[p] = precision::strided_sum(
        std::span<const optim::SquareSums>(piece_sums_).subspan(first, last - first));
  }
}

void HostUpdate::measure_pieces(const Run& run, const optim::StepContext& context) {
  for (std::size_t i = run.pieces.begin; i < run.pieces.end; ++i) {
    const grad::ElementRange range = arena_.layout().pieces()[i].range;
    const Run piece{.parameter = run.parameter,
                    .range = range,
                    .pieces = {i, i + 1},
                    .local = run.local + range.begin - run.range.begin};
    piece_sums_[i] = optimizer_.measure(range_of(piece), context);
  }
}

}  // namespace rondo::train
