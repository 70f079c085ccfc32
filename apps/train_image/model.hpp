// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rondo/comm/communicator.hpp"
#include "rondo/data/batch_loader.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/nn/network.hpp"
#include "rondo/train/memory.hpp"
#include "rondo/train/session.hpp"

#include "train_image/options.hpp"

// The network of a run where it computes: on the CPU or on a GPU.
namespace rondo::apps {

class Model {
 public:
  virtual ~Model() = default;

  /// Which device, how it reaches the others', and who decodes images; empty on the CPU.
  virtual std::string place() const { return {}; }
  virtual const nn::NetworkSpec& spec() const noexcept = 0;
  /// What the layers compute in.
  virtual Precision precision() const noexcept = 0;
  virtual std::span<const ParameterSpec> parameters() const noexcept = 0;
  /// What speaks against a session of these options. Local, before make_session().
  /// \throws ConfigError
  virtual void check(const train::Session::Options& options, int ranks) const = 0;

  virtual train::MemoryPlan plan_memory(const train::Session& session,
                                        const train::Session::Options& options,
                                        const comm::Communicator& comm) const = 0;

  /// A session of the parameters, once: it takes the optimizer. Collective.
  virtual train::Session make_session(comm::Communicator& comm,
                                      const train::Session::Options& options) = 0;
  /// From now on the network reads and writes the memory of that session.
  virtual void bind(train::Session& session) = 0;
  virtual void parameters_changed() = 0;

  /// How many batches train() may be told ahead of, and for how long it may need them otherwise.
  virtual std::size_t lanes_at_once() const { return 1; }
  /// What train() is to be called with after what it was told so far, as early as it is known: a
  /// GPU gets it beside its work. Nothing, where more than lanes_at_once() would be ahead. No
  /// evaluate() may come between.
  virtual void send_ahead(const data::LaneBatch& /*batch*/) {}
  /// One lane of the session, from begin_lane() to end_lane(), now or together with one of the next
  /// lanes of the step.
  virtual void train(train::Session& session, const data::LaneBatch& batch, std::size_t lane,
                     std::uint64_t step) = 0;
  virtual nn::BatchSums evaluate(const data::LaneBatch& batch) = 0;
  /// The run has come to its end on all ranks. Collective.
  virtual void finish() {}
};

/// As --device says, for batches of that data set. Collective.
/// \throws AgreedError  a network or a device that cannot be had
std::unique_ptr<Model> make_model(comm::Communicator& comm, const TrainOptions& options,
                                  const nn::NetworkSpec& spec, const data::DatasetInfo& info);

}  // namespace rondo::apps
