// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/model.hpp"

#include <utility>

#include "rondo/comm/agree.hpp"
#include "rondo/optim/optimizer.hpp"

#include "train_image/device_model.hpp"

namespace rondo::apps {
namespace {

/// On the CPU.
class HostModel final : public Model {
 public:
  HostModel(const TrainOptions& options, const nn::NetworkSpec& spec)
      : network_(nn::make_network(spec, {.precision = options.policy(),
                                         .micro_batch = options.batch,
                                         .threads = options.threads,
                                         .seed = options.seed})),
        optimizer_(optim::make_optimizer(options.optimizer, options.optimizer_options())) {}

  const nn::NetworkSpec& spec() const noexcept override { return network_->spec(); }
  Precision precision() const noexcept override { return network_->precision(); }
  std::span<const ParameterSpec> parameters() const noexcept override {
    return network_->parameters();
  }
  void check(const train::Session::Options& options, int ranks) const override {
    train::check(options, *optimizer_, ranks);
  }

  train::MemoryPlan plan_memory(const train::Session& session,
                                const train::Session::Options& options,
                                const comm::Communicator& comm) const override {
    return train::plan_memory(parameters(), session.optimizer(), options, comm.rank(), comm.size());
  }

  train::Session make_session(comm::Communicator& comm,
                              const train::Session::Options& options) override {
    return {comm, parameters(), std::move(optimizer_), options};
  }

  void bind(train::Session& session) override {
    network_->bind(session.parameters());
    network_->before_reading(
        [&session](std::size_t parameter) { session.wait_for_parameter(parameter); });
  }
  void parameters_changed() override { network_->parameters_changed(); }

  void train(train::Session& session, const data::LaneBatch& batch, std::size_t lane,
             std::uint64_t step) override {
    session.begin_lane(lane, static_cast<double>(batch.count));
    const nn::BatchSums sums = network_->train(
        {.images = images_of(batch), .labels = labels_of(batch), .step = step, .lane = lane},
        session.loss_scale(), [&](std::size_t parameter) { session.ready(parameter); });
    session.end_lane(sums.loss, static_cast<double>(sums.correct));
  }

  nn::BatchSums evaluate(const data::LaneBatch& batch) override {
    return network_->evaluate({.images = images_of(batch), .labels = labels_of(batch)});
  }

 private:
  std::span<const float> images_of(const data::LaneBatch& batch) const {
    return batch.images.span().first(batch.count * spec().input.elements());
  }
  static std::span<const std::int32_t> labels_of(const data::LaneBatch& batch) {
    return batch.labels.span().first(batch.count);
  }

  std::unique_ptr<nn::Network> network_;
  std::unique_ptr<optim::Optimizer> optimizer_;
};

}  // namespace

std::unique_ptr<Model> make_model(comm::Communicator& comm, const TrainOptions& options,
                                  const nn::NetworkSpec& spec, const data::DatasetInfo& info) {
  if (options.device == DeviceKind::cuda)
    return std::make_unique<DeviceModel>(comm, options, spec, info);
  std::unique_ptr<Model> model;
  comm::agree_on_success(comm, [&] { model = std::make_unique<HostModel>(options, spec); });
  return model;
}

}  // namespace rondo::apps
