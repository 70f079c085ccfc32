// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "grad/compression/cuda/low_rank.hpp"
#include "grad/compression/device_method.hpp"
#include "grad/compression/device_methods.hpp"
#include "grad/compression/elements.hpp"
#include "grad/compression/low_rank.hpp"
#include "grad/compression/power_sgd.hpp"

namespace rondo::grad {
namespace {

std::size_t parts_of(std::size_t count, std::size_t part) {
  return (count + part - 1) / part;
}

/// Where each matrix's numbers lie, and who works on them.
struct LowRankPlan {
  /// How many numbers there are of some matrices.
  struct Counts {
    std::size_t p = 0;
    std::size_t q = 0;
    std::size_t parts = 0;
  };
  struct Bucket {
    // Where its part of each of the vectors below begins.
    std::size_t matrix;
    std::size_t row_tile;
    std::size_t tile;
    Counts counts = {};
  };

  std::vector<cuda::LowRankMatrix> matrices;
  std::vector<cuda::LowRankTile> row_tiles;
  std::vector<cuda::LowRankTile> tiles;
  std::vector<Bucket> buckets;  // and the end
  Counts most;                  // of a bucket
  std::size_t warm_count = 0;   // of all

  LowRankPlan(const Layout& layout, std::span<const FactoredMatrix> factored) {
    for (const ElementRange bucket : layout.buckets()) {
      begin_bucket();
      for (const FactoredMatrix& matrix : factored)
        if (bucket.begin < matrix.end() && matrix.end() <= bucket.end) add(matrix);
    }
    begin_bucket();
  }

 private:
  void begin_bucket() {
    buckets.push_back(
        {.matrix = matrices.size(), .row_tile = row_tiles.size(), .tile = tiles.size()});
  }

  void add(const FactoredMatrix& matrix) {
    Bucket& bucket = buckets.back();
    Counts& counts = bucket.counts;
    const auto index = static_cast<std::uint32_t>(matrices.size() - bucket.matrix);
    matrices.push_back(
        {.shape = matrix, .p = counts.p, .q = counts.q, .parts = counts.parts, .warm = warm_count});
    const std::size_t slices = parts_of(matrix.rows, slice_rows);
    const std::size_t q_count = matrix.rank * matrix.columns;
    counts.p += matrix.rank * matrix.rows;
    counts.q += q_count;
    counts.parts += slices * q_count;
    most = {.p = std::max(most.p, counts.p),
            .q = std::max(most.q, counts.q),
            .parts = std::max(most.parts, counts.parts)};
    warm_count += q_count;
    for (std::uint32_t slice = 0; slice < parts_of(matrix.rows, cuda::tile_rows); ++slice)
      row_tiles.push_back({.matrix = index, .slice = slice, .strip = 0});
    for (std::uint32_t slice = 0; slice < slices; ++slice)
      for (std::uint32_t strip = 0; strip < parts_of(matrix.columns, cuda::strip_columns); ++strip)
        tiles.push_back({.matrix = index, .slice = slice, .strip = strip});
  }
};

template <class T>
DeviceMemory<T> to_device(const Device& device, const std::vector<T>& values) {
  DeviceMemory<T> memory(device, values.size(), "the table of factored gradients");
  DeviceStream stream(device, "setup");
  copy<T>(stream, values, memory.span());
  stream.wait();
  return memory;
}

class DevicePowerSgd final : public DeviceMethod {
 public:
  DevicePowerSgd(const Layout& layout, const DeviceGradients& gradients,
                 const std::vector<PlacedParameter>& factored, std::size_t rank, std::uint64_t seed)
      : DeviceMethod(layout, gradients, factored),
        plan_(layout, factored_matrices(factored, rank, seed)),
        matrices_(to_device(device(), plan_.matrices)),
        row_tiles_(to_device(device(), plan_.row_tiles)),
        tiles_(to_device(device(), plan_.tiles)),
        p_(comm(), plan_.most.p),
        q_(comm(), plan_.most.q),
        parts_(device(), plan_.most.parts, "the sums of gradients' factors"),
        warm_(device(), plan_.warm_count, "the factors of gradients"),
        finite_(device(), plan_.matrices.size(), "the states of factored gradients") {
    draw_factors();
  }

 private:
  void draw_factors();
  void reduce_runs(std::size_t bucket) override;
  void fetch_rest(std::span<const StateTensor> tensors) override;
  void send_rest(std::span<const StateTensor> tensors) override;
  std::size_t message_bytes() const noexcept override {
    return p_.bytes() + q_.bytes() + (parts_.size() + warm_.size()) * sizeof(float) +
           matrices_.size() * sizeof(cuda::LowRankMatrix) +
           (row_tiles_.size() + tiles_.size()) * sizeof(cuda::LowRankTile) +
           finite_.size() * sizeof(std::uint32_t);
  }

  LowRankPlan plan_;
  DeviceMemory<cuda::LowRankMatrix> matrices_;
  DeviceMemory<cuda::LowRankTile> row_tiles_;
  DeviceMemory<cuda::LowRankTile> tiles_;
  DeviceMessages<float> p_;
  DeviceMessages<float> q_;
  DeviceMemory<float> parts_;
  DeviceMemory<float> warm_;
  DeviceMemory<std::uint32_t> finite_;
};

void DevicePowerSgd::draw_factors() {
  std::vector<float> fresh;
  for (const cuda::LowRankMatrix& matrix : plan_.matrices)
    for (std::size_t i = 0; i < matrix.shape.rank * matrix.shape.columns; ++i)
      fresh.push_back(element::fresh_factor(matrix.shape.random, i));
  copy<float>(stream(), fresh, warm_.span());
  stream().wait();
}

void DevicePowerSgd::reduce_runs(std::size_t bucket) {
  const LowRankPlan::Bucket& own = plan_.buckets[bucket];
  const LowRankPlan::Bucket& next = plan_.buckets[bucket + 1];
  if (own.matrix == next.matrix) return;
  const cuda::LowRank work{
      .matrices = matrices_.span().subspan(own.matrix, next.matrix - own.matrix),
      .row_tiles = row_tiles_.span().subspan(own.row_tile, next.row_tile - own.row_tile),
      .tiles = tiles_.span().subspan(own.tile, next.tile - own.tile),
      .gradients = gradients(),
      .residual = residual(),
      .p = p_.first(own.counts.p),
      .q = q_.first(own.counts.q),
      .parts = parts_.span(),
      .warm = warm_.span(),
      .finite = finite_.span().subspan(own.matrix, next.matrix - own.matrix)};
  cuda::multiply_rows(stream(), work);
  comm::allreduce_sum(comm(), stream(), work.p);
  cuda::orthonormalize(stream(), work);
  cuda::multiply_columns(stream(), work);
  cuda::subtract_factors(stream(), work);
  comm::allreduce_sum(comm(), stream(), work.q);
  cuda::multiply_factors(stream(), work);
  cuda::keep_factors(stream(), work);
}

void DevicePowerSgd::fetch_rest(std::span<const StateTensor> tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    copy<float>(stream(), warm_.span().subspan(plan_.matrices[i].warm, tensors[i].values.size()),
                tensors[i].values);
  stream().wait();
}

void DevicePowerSgd::send_rest(std::span<const StateTensor> tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    copy<float>(stream(), tensors[i].values,
                warm_.span().subspan(plan_.matrices[i].warm, tensors[i].values.size()));
  stream().wait();
}

}  // namespace

std::unique_ptr<DeviceCompressor> make_device_power_sgd(
    const Layout& layout, const DeviceGradients& gradients,
    const std::vector<PlacedParameter>& parameters, std::size_t rank, std::uint64_t seed) {
  return std::make_unique<DevicePowerSgd>(layout, gradients, factored_parameters(parameters, rank),
                                          rank, seed);
}

std::size_t planned_factor_bytes(const Layout& layout,
                                 const std::vector<PlacedParameter>& parameters, std::size_t rank) {
  const LowRankPlan plan(layout, factored_matrices(factored_parameters(parameters, rank), rank, 0));
  return (plan.most.p + plan.most.q + plan.most.parts + plan.warm_count) * sizeof(float);
}

}  // namespace rondo::grad
