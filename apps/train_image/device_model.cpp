// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/device_model.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/comm/agree.hpp"
#include "rondo/comm/lane_tree.hpp"

namespace rondo::apps {

namespace {

/// What is measured may be another plan on each rank and in each life.
nn::PlanChoice plan_choice(const TrainOptions& options) {
  return options.reduction == grad::Reduction::fixed ? nn::PlanChoice::heuristic
                                                     : nn::PlanChoice::measured;
}

std::optional<data::ImageDecoding> device_decoding(const TrainOptions& options,
                                                   const data::DatasetInfo& info) {
  if (!options.device_decode) return std::nullopt;
  return data::image_decoding(info, options.image_size);
}

/// Those whose gradient is a bucket's last: gradients come from the last parameter on.
std::vector<std::size_t> completing_parameters(const grad::Layout& layout) {
  std::vector<std::size_t> completing;
  const auto first_bucket = [&](std::size_t parameter) {
    return layout.buckets_of(layout.parameter(parameter)).begin;
  };
  for (std::size_t i = 0; i < layout.specs().size(); ++i)
    if (i == 0 || first_bucket(i) < first_bucket(i - 1)) completing.push_back(i);
  return completing;
}

/// Image elements of lanes that keep a GPU busy by themselves: more at once would gain nothing, and
/// need memory.
constexpr std::size_t many_elements = std::size_t{1} << 20U;

/// As was asked for; else, where sums may be taken in any order, the most of the rank's lanes that
/// are few elements, so that all passes of a step are equal.
std::size_t choose_lanes_at_once(const TrainOptions& options, const nn::NetworkSpec& spec,
                                 comm::LaneRange lanes) {
  const std::size_t own = lanes.end - lanes.begin;
  if (options.lanes_at_once) return std::min(*options.lanes_at_once, std::max<std::size_t>(own, 1));
  if (options.reduction == grad::Reduction::fixed) return 1;
  for (std::size_t count = own; count > 1; --count)
    if (own % count == 0 && count * options.batch * spec.input.elements() <= many_elements)
      return count;
  return 1;
}

}  // namespace

DeviceModel::DeviceModel(comm::Communicator& comm, const TrainOptions& options,
                         const nn::NetworkSpec& spec, const data::DatasetInfo& info)
    : device_(comm::device_of_rank(comm)),
      stream_(device_, "training"),
      devices_(comm::make_device_communicator(comm, device_, {.path = options.device_path})),
      decodes_(options.device_decode),
      lanes_at_once_(choose_lanes_at_once(
          options, spec, comm::lane_range(comm.rank(), comm.size(), *options.lanes))) {
  comm::agree_on_success(comm, [&] {
    network_ = nn::make_device_network(device_, spec,
                                       {.kernels = options.device_kernels,
                                        .plans = plan_choice(options),
                                        .graphs = options.cuda_graph,
                                        .precision = options.policy(),
                                        .micro_batch = options.batch,
                                        .lanes = lanes_at_once_,
                                        .seed = options.seed});
    optimizer_ =
        std::make_unique<optim::DeviceOptimizer>(options.optimizer, options.optimizer_options());
    batches_ = std::make_unique<data::DeviceBatches>(
        device_, data::DeviceBatches::Options{.samples = options.batch,
                                              .sample_elements = spec.input.elements(),
                                              .lanes = lanes_at_once_,
                                              .decoding = device_decoding(options, info)});
    sums_ = {device_, 2, "the sums of a lane"};
    fetched_sums_ = {sums_.size(), "the sums of a lane"};
  });
}

std::string DeviceModel::place() const {
  return fmt::format("{} at {}, {}; images decoded {}; {} at once", device_.name(),
                     device_.pci_address(), devices_->explain(), decodes_ ? "there" : "on the CPU",
                     lanes_at_once_ == 1 ? "1 lane" : fmt::format("{} lanes", lanes_at_once_));
}

train::MemoryPlan DeviceModel::plan_memory(const train::Session& session,
                                           const train::Session::Options& options,
                                           const comm::Communicator& comm) const {
  return train::plan_device_memory(parameters(), session.optimizer(), options, comm.rank(),
                                   comm.size());
}

train::Session DeviceModel::make_session(comm::Communicator& comm,
                                         const train::Session::Options& options) {
  train::Session::Options own = options;
  own.gather = train::Gather::in_step;  // layers do not wait for their values one by one
  return {comm, parameters(), std::move(optimizer_), own, {device_, stream_, *devices_}};
}

void DeviceModel::bind(train::Session& session) {
  network_->bind(session.device_parameters());
  network_->report_at(completing_parameters(session.arena().layout()));
}

void DeviceModel::send(const data::LaneBatch& batch) {
  nn::check_labels(batch.labels.span().first(batch.count), spec().classes);
  batches_->send(batch);
}

void DeviceModel::train(train::Session& session, const data::LaneBatch& batch, std::size_t lane,
                        std::uint64_t step) {
  if (batches_->ahead() == waiting_) send(batch);
  ++waiting_;
  if (waiting_ == lanes_at_once_ || lane + 1 == session.lanes().end)
    train_waiting(session, lane, step);
}

void DeviceModel::train_waiting(train::Session& session, std::size_t last_lane,
                                std::uint64_t step) {
  std::size_t lane = last_lane + 1 - std::exchange(waiting_, 0);
  for (const data::DeviceBatches::Batch& sent : batches_->take(stream_)) {
    train(session, {.images = sent.images,
                    .labels = sent.labels,
                    .step = step,
                    .lane = lane,
                    .lanes = sent.lanes});
    lane += sent.lanes;
  }
}

void DeviceModel::train(train::Session& session, const nn::DeviceBatch& batch) {
  session.begin_lanes({batch.lane, batch.lane + batch.lanes}, static_cast<double>(batch.size()));
  clear(stream_, sums_.span());
  network_->train(stream_, batch, session.loss_scale(), sums_.span(),
                  [&](std::size_t parameter) { session.ready(parameter); });
  session.end_lane(sums_.span());
}

nn::BatchSums DeviceModel::evaluate(const data::LaneBatch& batch) {
  require(batches_->ahead() == 0, "DeviceModel: a batch to train on is in front of this one");
  clear(stream_, sums_.span());
  send(batch);
  const auto sent = batches_->take(stream_);
  network_->evaluate(stream_, {.images = sent[0].images, .labels = sent[0].labels}, sums_.span());
  copy(stream_, DeviceSpan<const float>(sums_.span()), fetched_sums_.span());
  stream_.wait();
  return {.weight = static_cast<double>(batch.count),
          .loss = fetched_sums_.span()[0],
          .correct = static_cast<std::size_t>(fetched_sums_.span()[1])};
}

}  // namespace rondo::apps
