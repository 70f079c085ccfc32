// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "grad/compression/device_method.hpp"
#include "grad/compression/device_methods.hpp"

namespace rondo::grad {
namespace {

class DeviceTopK final : public DeviceMethod {
 public:
  DeviceTopK(const Layout& layout, const DeviceGradients& gradients,
             const std::vector<PlacedParameter>& parameters, const TopKOptions& options)
      : DeviceMethod(layout, gradients, sparse_parameters(parameters)),
        warm_up_(options, all_elements()),
        chunks_(device_chunks(device(), runs())),
        own_(comm(), most_elements()),
        all_(comm(), most_elements() * static_cast<std::size_t>(comm().size())),
        counts_(device(), chunks_.most(), "the selection of gradients"),
        selection_(device(), 1, "the selection of gradients") {}

 private:
  void reduce_runs(std::size_t bucket) override;
  void fetch_rest(std::span<const StateTensor> tensors) override {
    std::ranges::copy(warm_up_.steps(), tensors.front().values.begin());
  }
  void send_rest(std::span<const StateTensor> tensors) override {
    std::ranges::copy(tensors.front().values, warm_up_.steps().begin());
  }
  std::size_t message_bytes() const noexcept override {
    return own_.bytes() + all_.bytes() + chunks_.bytes() + counts_.size() * sizeof(std::uint64_t) +
           sizeof(cuda::Selection);
  }
  std::size_t all_elements() const;

  WarmUp warm_up_;
  DeviceChunks chunks_;
  DeviceMessages<Entry> own_;
  DeviceMessages<Entry> all_;
  DeviceMemory<std::uint64_t> counts_;
  DeviceMemory<cuda::Selection> selection_;
};

std::size_t DeviceTopK::all_elements() const {
  std::size_t elements = 0;
  for (const Runs& of_bucket : runs())
    elements += of_bucket.count();
  return elements;
}

void DeviceTopK::reduce_runs(std::size_t bucket) {
  const std::size_t entries = warm_up_.next_entries(runs()[bucket].count());
  if (entries == 0) return;
  const std::size_t origin = layout().buckets()[bucket].begin;
  const auto ranks = static_cast<std::size_t>(comm().size());
  const auto own = own_.first(entries);
  const auto all = all_.first(entries * ranks);
  const cuda::TopK selection{.chunks = chunks_.of(bucket),
                             .origin = origin,
                             .gradients = gradients(),
                             .residual = residual(),
                             .counts = counts_.span(),
                             .selection = selection_.span()};
  cuda::take_largest(stream(), selection, own);
  comm::allgather<Entry>(comm(), stream(), own, all);
  cuda::add_entries(stream(), chunks_.of(bucket), origin, all, ranks, gradients());
}

}  // namespace

std::unique_ptr<DeviceCompressor> make_device_top_k(const Layout& layout,
                                                    const DeviceGradients& gradients,
                                                    const std::vector<PlacedParameter>& parameters,
                                                    const TopKOptions& options) {
  return std::make_unique<DeviceTopK>(layout, gradients, parameters, options);
}

}  // namespace rondo::grad
