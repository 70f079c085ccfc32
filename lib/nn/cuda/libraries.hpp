// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "rondo/base/device.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/device_span.hpp"
#include "rondo/nn/device_network.hpp"
#include "rondo/precision/policy.hpp"

#include "nn/cuda/cublaslt.hpp"

namespace rondo::nn::cuda {

class ConvolutionPlans;

/// NVIDIA's libraries as one network uses them, with the memory that its layers share. One stream
/// at a time.
class Libraries {
 public:
  Libraries(const Device& device, Precision precision, PlanChoice choice,
            std::shared_ptr<ConvolutionPlans> convolutions)
      : device_(device),
        convolutions_(std::move(convolutions)),
        cublaslt_(cublaslt::make_handle(device)),
        precision_(precision),
        choice_(choice) {}

  const Device& device() const noexcept { return device_; }
  ConvolutionPlans& convolutions() const noexcept { return *convolutions_; }
  cublasLtHandle_t cublaslt() const noexcept { return cublaslt_.get(); }
  Precision precision() const noexcept { return precision_; }
  PlanChoice choice() const noexcept { return choice_; }

  /// How often memory was taken: addresses of the time before are no longer valid.
  std::size_t memory_moves() const noexcept { return memory_moves_; }

  /// At least so many bytes, until the next call. Waits for the GPU where they become more.
  void* workspace(std::size_t bytes) {
    return at_least(workspace_, bytes, "the libraries' workspace");
  }
  /// Of weights in the type of the layers, and of a bias in f32: the same.
  void* gradient(std::size_t bytes) { return at_least(gradient_, bytes, "a weight's gradient"); }
  DeviceSpan<float> bias_gradient(std::size_t count) {
    return {static_cast<float*>(
                at_least(bias_gradient_, count * sizeof(float), "the gradient of a bias")),
            count};
  }

 private:
  void* at_least(DeviceMemory<std::byte>& memory, std::size_t bytes, std::string_view name) {
    if (memory.size() < bytes) {
      ++memory_moves_;
      memory = {};
      memory = {device_, bytes, name};
    }
    return memory.span().data();
  }

  Device device_;
  std::shared_ptr<ConvolutionPlans> convolutions_;
  UniqueHandle<cublaslt::HandleTraits> cublaslt_;
  Precision precision_;
  PlanChoice choice_;
  std::size_t memory_moves_ = 0;
  DeviceMemory<std::byte> workspace_;
  DeviceMemory<std::byte> gradient_;
  DeviceMemory<std::byte> bias_gradient_;
};

}  // namespace rondo::nn::cuda
