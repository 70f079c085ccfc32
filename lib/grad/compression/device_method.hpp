// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/grad/device_compression.hpp"

#include "grad/compression/device_chunks.hpp"
#include "grad/compression/device_messages.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {

/// What the methods have in common: residuals in the GPU's memory, and the sums of what is not
/// compressed.
class DeviceMethod : public DeviceCompressor {
 public:
  void reduce(std::size_t bucket) final;
  void rescale(float factor) final;
  void fetch(Compressor& host) final;
  void send(Compressor& host) final;
  std::size_t device_bytes() const noexcept final;

 protected:
  /// `parameters`, those that are compressed, in the order of the arena.
  DeviceMethod(const Layout& layout, const DeviceGradients& gradients,
               std::vector<PlacedParameter> parameters);

  /// Queues what reduce() does for the bucket's runs().
  virtual void reduce_runs(std::size_t bucket) = 0;
  /// The state besides the residuals, which the host has: its tensors behind those.
  virtual void fetch_rest(std::span<const StateTensor> /*tensors*/) {}
  virtual void send_rest(std::span<const StateTensor> /*tensors*/) {}
  virtual std::size_t message_bytes() const noexcept = 0;

  comm::DeviceCommunicator& comm() const noexcept { return gradients_.comm; }
  const Device& device() const noexcept { return gradients_.device; }
  DeviceStream& stream() const noexcept { return gradients_.transfers; }
  DeviceSpan<float> gradients() const noexcept { return gradients_.grads; }
  DeviceSpan<float> residual() noexcept { return residual_.span(); }
  const Layout& layout() const noexcept { return layout_; }
  /// What is compressed, by bucket.
  std::span<const Runs> runs() const noexcept { return runs_; }
  std::size_t most_elements() const noexcept;  ///< of the runs of a bucket

 private:
  void sum_exactly(std::size_t bucket);
  /// Of the parameters, behind which a compressor may have others.
  std::vector<StateTensor> residuals_of(Compressor& host) const;

  const Layout& layout_;
  DeviceGradients gradients_;
  std::vector<PlacedParameter> parameters_;
  std::vector<Runs> runs_;
  std::vector<Runs> exact_runs_;
  DeviceChunks exact_chunks_;
  DeviceMessages<float> exact_;
  DeviceMemory<float> residual_;  // laid out as the arena
  bool is_fetched_ = true;
};

}  // namespace rondo::grad
