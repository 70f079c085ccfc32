// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "rondo/base/device.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/comm/device_communicator.hpp"
#include "rondo/data/device_batches.hpp"
#include "rondo/nn/device_network.hpp"
#include "rondo/optim/device_optimizer.hpp"

#include "train_image/model.hpp"

namespace rondo::apps {

/// On the rank's GPU: lanes are queued there one behind the other, some at once where that keeps no
/// promise from being kept, and their losses stay there until the end of the step.
class DeviceModel final : public Model {
 public:
  /// Collective. \throws AgreedError  no GPU for a rank, or one that cannot be used
  DeviceModel(comm::Communicator& comm, const TrainOptions& options, const nn::NetworkSpec& spec,
              const data::DatasetInfo& info);

  std::string place() const override;
  const nn::NetworkSpec& spec() const noexcept override { return network_->spec(); }
  Precision precision() const noexcept override { return network_->precision(); }
  std::span<const ParameterSpec> parameters() const noexcept override {
    return network_->parameters();
  }
  void check(const train::Session::Options& options, int ranks) const override {
    train::check(options, optimizer_->rule(), ranks);
    train::check_on_device(options);
  }
  train::MemoryPlan plan_memory(const train::Session& session,
                                const train::Session::Options& options,
                                const comm::Communicator& comm) const override;

  train::Session make_session(comm::Communicator& comm,
                              const train::Session::Options& options) override;
  void bind(train::Session& session) override;
  void parameters_changed() override { network_->parameters_changed(); }
  std::size_t lanes_at_once() const override { return lanes_at_once_; }
  void send_ahead(const data::LaneBatch& batch) override { send(batch); }
  void train(train::Session& session, const data::LaneBatch& batch, std::size_t lane,
             std::uint64_t step) override;
  nn::BatchSums evaluate(const data::LaneBatch& batch) override;
  void finish() override { devices_->close(); }

 private:
  /// Its way to the GPU, labels checked.
  void send(const data::LaneBatch& batch);
  /// The lanes that wait, up to this one.
  void train_waiting(train::Session& session, std::size_t last_lane, std::uint64_t step);
  void train(train::Session& session, const nn::DeviceBatch& batch);

  Device device_;
  DeviceStream stream_;
  std::unique_ptr<comm::DeviceCommunicator> devices_;
  std::unique_ptr<nn::DeviceNetwork> network_;
  std::unique_ptr<optim::DeviceOptimizer> optimizer_;
  std::unique_ptr<data::DeviceBatches> batches_;
  DeviceMemory<float> sums_;  // loss and correct of the lane at hand
  PinnedMemory<float> fetched_sums_;
  bool decodes_;
  std::size_t lanes_at_once_;
  std::size_t waiting_ = 0;  // lanes of the step that train() has put off
};

}  // namespace rondo::apps
