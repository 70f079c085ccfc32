// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/device_method.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "rondo/base/error.hpp"

namespace rondo::grad {
namespace {

std::vector<Runs> runs_within(const Layout& layout, const Runs& runs) {
  std::vector<Runs> by_bucket;
  for (const ElementRange bucket : layout.buckets()) {
    require(bucket.size() <= std::numeric_limits<std::uint32_t>::max(),
            "compression on a GPU: a bucket of more than 2^32 elements; make the buckets smaller");
    by_bucket.push_back(runs.within(bucket));
  }
  return by_bucket;
}

std::vector<Runs> runs_outside(const Layout& layout, std::span<const Runs> runs) {
  std::vector<Runs> by_bucket;
  for (std::size_t b = 0; b < runs.size(); ++b)
    by_bucket.push_back(runs[b].outside(layout.buckets()[b]));
  return by_bucket;
}

std::size_t most_of(std::span<const Runs> runs) {
  return std::ranges::max_element(runs, {}, &Runs::count)->count();
}

}  // namespace

DeviceMethod::DeviceMethod(const Layout& layout, const DeviceGradients& gradients,
                           std::vector<PlacedParameter> parameters)
    : layout_(layout),
      gradients_(gradients),
      parameters_(std::move(parameters)),
      runs_(runs_within(layout, lossy_runs(parameters_))),
      exact_runs_(runs_outside(layout, runs_)),
      exact_chunks_(device_chunks(gradients.device, exact_runs_)),
      exact_(gradients.comm, most_of(exact_runs_)),
      residual_(gradients.device, layout.elements(), "the residuals of compressed gradients") {
  require(gradients.grads.size() == layout.elements(),
          "the gradients on the GPU must be as long as the layout says");
}

std::size_t DeviceMethod::most_elements() const noexcept {
  return most_of(runs_);
}

void DeviceMethod::reduce(std::size_t bucket) {
  is_fetched_ = false;
  reduce_runs(bucket);
  sum_exactly(bucket);
}

void DeviceMethod::sum_exactly(std::size_t bucket) {
  const DeviceSpan<float> sequence = exact_.first(exact_runs_[bucket].count());
  if (sequence.empty()) return;
  cuda::gather(stream(), exact_chunks_.of(bucket), gradients(), sequence);
  comm::allreduce_sum(comm(), stream(), sequence);
  cuda::scatter(stream(), exact_chunks_.of(bucket), sequence, gradients());
}

void DeviceMethod::rescale(float factor) {
  is_fetched_ = false;
  cuda::multiply(gradients_.stream, residual(), factor);
}

std::vector<StateTensor> DeviceMethod::residuals_of(Compressor& host) const {
  std::vector<StateTensor> tensors = host.state();
  const auto is_own = [](const StateTensor& tensor, const PlacedParameter& parameter) {
    return tensor.name == "residual/" + parameter.spec.name &&
           tensor.values.size() == element_count(parameter.spec.shape);
  };
  require(tensors.size() >= parameters_.size() &&
              std::equal(parameters_.begin(), parameters_.end(), tensors.begin(),
                         [&](const auto& own, const auto& tensor) { return is_own(tensor, own); }),
          "the compressor on the host is not that on the GPU: give both one name and one layout");
  return tensors;
}

void DeviceMethod::fetch(Compressor& host) {
  if (is_fetched_) return;
  const std::vector<StateTensor> tensors = residuals_of(host);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    copy<float>(gradients_.stream,
                residual().subspan(parameters_[i].begin, tensors[i].values.size()),
                tensors[i].values);
  gradients_.stream.wait();
  fetch_rest(std::span(tensors).subspan(parameters_.size()));
  is_fetched_ = true;
}

void DeviceMethod::send(Compressor& host) {
  const std::vector<StateTensor> tensors = residuals_of(host);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    copy<float>(gradients_.stream, tensors[i].values,
                residual().subspan(parameters_[i].begin, tensors[i].values.size()));
  gradients_.stream.wait();
  send_rest(std::span(tensors).subspan(parameters_.size()));
  is_fetched_ = true;
}

std::size_t DeviceMethod::device_bytes() const noexcept {
  return residual_.size() * sizeof(float) + exact_.bytes() + exact_chunks_.bytes() +
         message_bytes();
}

}  // namespace rondo::grad
