// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/step_loop.hpp"

#include <span>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/counters.hpp"

namespace rondo::bench {
namespace {

constexpr nn::ImageShape fashion_mnist{1, 28, 28};
constexpr std::size_t classes = 10;

}  // namespace

StepLoop::StepLoop(comm::Communicator& comm, const StepOptions& options)
    : comm_(comm),
      network_(nn::make_network(nn::make_model(options.model, fashion_mnist, classes),
                                {.precision = options.precision,
                                 .micro_batch = options.batch,
                                 .threads = options.threads})),
      session_(comm, network_->parameters(), optim::make_optimizer("sgd", {.momentum = 0.9F}),
               {.lanes = options.lanes,
                .reduction = options.reduction,
                .precision = options.precision,
                .bucket_bytes = options.bucket_bytes,
                .compression = options.compression}) {
  network_->before_reading(
      [this](std::size_t parameter) { session_.wait_for_parameter(parameter); });
  network_->bind(session_.parameters());
  nn::initialize(*network_, session_.parameters(), 1);
  session_.synchronize();
  network_->parameters_changed();
  for (std::size_t lane = session_.lanes().begin; lane < session_.lanes().end; ++lane)
    batches_.push_back(make_batch(lane, options.batch, fashion_mnist.elements(), classes));
}

train::StepResult StepLoop::run() {
  telemetry::Stopwatch stopwatch;
  std::size_t lane = session_.lanes().begin;
  for (const SyntheticBatch& batch : batches_) {
    session_.begin_lane(lane++, static_cast<double>(batch.labels.size()));
    const nn::BatchSums sums = network_->train(
        {.images = batch.images.span(), .labels = batch.labels.span()}, session_.loss_scale(),
        [this](std::size_t parameter) { session_.ready(parameter); });
    session_.end_lane(sums.loss, static_cast<double>(sums.correct));
  }
  parts_.passes += stopwatch.seconds();
  stopwatch.restart();
  const train::StepResult result = session_.step(0.01F);
  network_->parameters_changed();
  parts_.update += stopwatch.seconds();
  return result;
}

double StepLoop::time_steps(std::size_t count) {
  comm::barrier(comm_);
  const telemetry::Stopwatch stopwatch;
  for (std::size_t s = 0; s < count; ++s)
    run();
  double seconds = stopwatch.seconds();
  comm::allreduce(comm_, std::span(&seconds, 1), comm::ReduceOp::max);
  return seconds;
}

void StepLoop::warm_up(std::size_t steps) {
  const double first_loss = run().loss;
  double last_loss = first_loss;
  for (std::size_t s = 0; s < steps; ++s)
    last_loss = run().loss;
  // A step that does not learn its few samples by heart is not a training step.
  if (!(last_loss < first_loss))
    throw NumericError(
        fmt::format("the loss did not fall during warm-up ({} to {})", first_loss, last_loss));
}

}  // namespace rondo::bench
