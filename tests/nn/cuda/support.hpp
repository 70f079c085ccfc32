// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/nn/device_network.hpp"

#include "nn/support.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::nn::test {

/// A network on the GPU with parameters of its own, which begin with those of a BoundNetwork; what
/// it computes is read back after every call.
class OnGpuNetwork {
 public:
  using Copies = std::vector<std::vector<bfloat16>>;

  OnGpuNetwork(const NetworkSpec& spec, const DeviceNetworkOptions& options,
               const BoundNetwork& like)
      : network_(make_device_network(device_, spec, options)) {
    for (const auto& parameter : network_->parameters())
      grads.emplace_back(element_count(parameter.shape));
    device_grads_ = upload<float>(grads);
    set_values(like.values);
  }

  DeviceNetwork& operator*() const { return *network_; }
  DeviceNetwork* operator->() const { return network_.get(); }
  DeviceStream& stream() { return stream_; }
  const Device& device() const { return device_; }

  BatchSums train(const TestBatch& batch, float loss_scale = 1.0F,
                  const GradientReady& ready = {}) {
    Uploaded uploaded(*this, batch);
    sums_.emplace(device_, stream_, std::vector<float>(2));
    network_->train(stream_, uploaded.view, loss_scale, sums_->span(), ready);
    for (std::size_t p = 0; p < grads.size(); ++p)
      grads[p] = device_grads_[p]->read();
    return read_sums();
  }
  BatchSums evaluate(const TestBatch& batch) {
    Uploaded uploaded(*this, batch);
    sums_.emplace(device_, stream_, std::vector<float>(2));
    network_->evaluate(stream_, uploaded.view, sums_->span());
    return read_sums();
  }

  void set_values(const Tensors& values) {
    values_ = upload<float>(values);
    bind();
  }
  /// What bf16 layers read in place of the values.
  void set_copies(const Copies& copies) {
    copies_ = upload<bfloat16>(copies);
    bind();
  }
  void clear_grads() {
    for (auto& grad : device_grads_)
      clear(stream_, grad->span());
  }
  void bind() {
    std::vector<DeviceParameterView> views;
    for (std::size_t p = 0; p < values_.size(); ++p)
      views.push_back({values_[p]->span(), device_grads_[p]->span(),
                       copies_.empty() ? DeviceSpan<const bfloat16>() : copies_[p]->span()});
    network_->bind(views);
  }
  /// In the GPU's memory.
  DeviceSpan<float> value(std::size_t parameter) { return values_[parameter]->span(); }
  DeviceSpan<float> grad(std::size_t parameter) { return device_grads_[parameter]->span(); }

  Tensors grads;

 private:
  template <class T>
  using Arrays = std::vector<std::unique_ptr<rondo::test::OnGpu<T>>>;

  template <class T>
  Arrays<T> upload(const std::vector<std::vector<T>>& from) {
    Arrays<T> arrays;
    for (const auto& values : from)
      arrays.push_back(std::make_unique<rondo::test::OnGpu<T>>(device_, stream_, values));
    return arrays;
  }

  struct Uploaded {
    Uploaded(OnGpuNetwork& owner, const TestBatch& batch)
        : images(owner.device_, owner.stream_, batch.images),
          labels(owner.device_, owner.stream_, batch.labels),
          weights(owner.device_, owner.stream_, batch.weights),
          view{images.span(), labels.span(), weights.span(), batch.step, batch.lane, batch.lanes} {}

    rondo::test::OnGpu<float> images;
    rondo::test::OnGpu<std::int32_t> labels;
    rondo::test::OnGpu<float> weights;
    DeviceBatch view;
  };

  BatchSums read_sums() {
    const std::vector<float> sums = sums_->read();
    return {.weight = 0, .loss = sums[0], .correct = static_cast<std::size_t>(sums[1])};
  }

  Device device_;
  DeviceStream stream_{device_};
  std::unique_ptr<DeviceNetwork> network_;
  Arrays<float> values_;
  Arrays<float> device_grads_;
  Arrays<bfloat16> copies_;
  std::optional<rondo::test::OnGpu<float>> sums_;
};

inline DeviceNetworkOptions device_options(Precision precision = Precision::f32) {
  return {.kernels = DeviceKernels::direct, .precision = precision, .micro_batch = 4};
}

}  // namespace rondo::nn::test
