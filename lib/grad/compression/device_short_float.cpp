// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/float16.hpp"

#include "grad/compression/device_method.hpp"
#include "grad/compression/device_methods.hpp"

namespace rondo::grad {
namespace {

template <class T>
class DeviceShortFloat final : public DeviceMethod {
 public:
  DeviceShortFloat(const Layout& layout, const DeviceGradients& gradients,
                   const std::vector<PlacedParameter>& parameters)
      : DeviceMethod(layout, gradients, lossy_parameters(parameters)),
        chunks_(device_chunks(device(), runs())),
        all_(comm(), slice_of(most_elements()) * ranks()),
        received_(comm(), all_.bytes() / sizeof(T)),
        own_(comm(), slice_of(most_elements())) {}

 private:
  void reduce_runs(std::size_t bucket) override;
  std::size_t message_bytes() const noexcept override {
    return all_.bytes() + received_.bytes() + own_.bytes() + chunks_.bytes();
  }
  std::size_t ranks() const { return static_cast<std::size_t>(comm().size()); }
  /// What each rank adds up of so many elements.
  std::size_t slice_of(std::size_t elements) const { return round_up(elements, ranks()) / ranks(); }

  DeviceChunks chunks_;
  DeviceMessages<T> all_;       // one slice for every rank; later one of every rank
  DeviceMessages<T> received_;  // this rank's slice of every rank
  DeviceMessages<T> own_;       // its sum
};

/// What lies behind the last value of the sequence is summed but not used.
template <class T>
void DeviceShortFloat<T>::reduce_runs(std::size_t bucket) {
  const std::size_t slice = slice_of(runs()[bucket].count());
  if (slice == 0) return;
  const cuda::Chunks chunks = chunks_.of(bucket);
  const DeviceSpan<T> all = all_.first(slice * ranks());
  const DeviceSpan<T> received = received_.first(all.size());
  const DeviceSpan<T> own = own_.first(slice);
  cuda::round_with_feedback<T>(stream(), chunks, gradients(), residual(), all);
  exchange_parts(comm(), stream(), all, received);
  cuda::round_sum<T>(stream(), chunks, static_cast<std::size_t>(comm().rank()) * slice, received,
                     residual(), own);
  comm::allgather<T>(comm(), stream(), own, all);
  cuda::decode<T>(stream(), chunks, all, gradients());
}

}  // namespace

template <class T>
std::unique_ptr<DeviceCompressor> make_device_short_float(
    const Layout& layout, const DeviceGradients& gradients,
    const std::vector<PlacedParameter>& parameters) {
  return std::make_unique<DeviceShortFloat<T>>(layout, gradients, parameters);
}

template std::unique_ptr<DeviceCompressor> make_device_short_float<bfloat16>(
    const Layout&, const DeviceGradients&, const std::vector<PlacedParameter>&);
template std::unique_ptr<DeviceCompressor> make_device_short_float<half>(
    const Layout&, const DeviceGradients&, const std::vector<PlacedParameter>&);

}  // namespace rondo::grad
