// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/device_factors.hpp"

#include <algorithm>

#include "rondo/base/error.hpp"

#include "optim/kernels/factors.hpp"

namespace rondo::optim {
namespace {

using enum kernel::FactoredSlot;

std::uint64_t slices_of(const FactoredParameter& parameter) {
  return (parameter.rows + kernel::slice_rows - 1) / kernel::slice_rows;
}

std::uint64_t strips_of(const FactoredParameter& parameter) {
  return (parameter.columns + kernel::strip_columns - 1) / kernel::strip_columns;
}

/// Partial sums of a model.
struct Sums {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;

  void add(const FactoredParameter& parameter) {
    rows += strips_of(parameter) * parameter.rows;
    columns += slices_of(parameter) * parameter.columns;
  }
};

std::vector<FactoredTile> tiles_of(std::span<const FactoredParameter> parameters) {
  std::vector<FactoredTile> tiles;
  for (std::uint32_t p = 0; p < parameters.size(); ++p)
    for (std::uint32_t slice = 0; slice < slices_of(parameters[p]); ++slice)
      for (std::uint32_t strip = 0; strip < strips_of(parameters[p]); ++strip)
        tiles.push_back({p, slice, strip});
  return tiles;
}

template <class T>
DeviceMemory<T> table(DeviceStream& stream, std::span<const T> rows, const Device& device) {
  DeviceMemory<T> memory(device, rows.size(), "a table of adafactor's matrices");
  copy<T>(stream, rows, memory.span());
  return memory;
}

}  // namespace

FactoredParameter factored_parameter(const Optimizer& rule, const ParameterSpec& spec,
                                     std::uint64_t begin, std::array<std::uint64_t, 3> slots) {
  FactoredParameter parameter{
      .begin = begin, .count = element_count(spec.shape), .slots = slots, .role = spec.role};
  if (spec.role == ParameterRole::statistic) return parameter;
  parameter.rows = element_count(rule.slot_shape(row, spec.shape));
  parameter.columns = element_count(rule.slot_shape(column, spec.shape));
  return parameter;
}

DeviceFactors::DeviceFactors(const Device& device, const precision::DevicePieces& pieces,
                             std::vector<FactoredParameter> parameters)
    : pieces_(device, pieces.size(), "the norms of the arena's pieces") {
  require(parameters.size() == pieces.parameters(), "the factors are those of other pieces");
  Sums sums;
  for (FactoredParameter& parameter : parameters) {
    parameter.row_sums = sums.rows;
    parameter.column_sums = sums.columns;
    sums.add(parameter);
    const bool is_vector = parameter.rows == 0 && parameter.role != ParameterRole::statistic;
    const std::array<std::uint64_t, 3> counts{parameter.rows, parameter.columns,
                                              is_vector ? parameter.count : 0};
    for (std::size_t k = 0; k < counts.size(); ++k)
      if (counts[k] > 0)
        slot_elements_[k] =
            std::max<std::size_t>(slot_elements_[k], parameter.slots[k] + counts[k]);
  }
  row_sums_ = {device, sums.rows, "adafactor's sums of rows"};
  column_sums_ = {device, sums.columns, "adafactor's sums of columns"};
  row_roots_ = {device, slot_elements_[row], "adafactor's factors of rows"};
  column_roots_ = {device, slot_elements_[column], "adafactor's factors of columns"};
  moves_ = {device, 2 * parameters.size(), "adafactor's factors of parameters"};
  const std::vector<FactoredTile> tiles = tiles_of(parameters);
  DeviceStream stream(device, "setup");
  parameters_ = table<FactoredParameter>(stream, parameters, device);
  tiles_ = table<FactoredTile>(stream, tiles, device);
  stream.wait();
}

DeviceFactors::Memory DeviceFactors::memory() noexcept {
  return {.parameters = parameters_.span().data(),
          .tiles = tiles_.span().data(),
          .tile_count = tiles_.size(),
          .pieces = pieces_.span().data(),
          .row_sums = row_sums_.span().data(),
          .column_sums = column_sums_.span().data(),
          .row_roots = row_roots_.span().data(),
          .column_roots = column_roots_.span().data(),
          .moves = moves_.span().data()};
}

std::size_t DeviceFactors::bytes() const noexcept {
  return (row_sums_.size() + column_sums_.size()) * sizeof(double) +
         (row_roots_.size() + column_roots_.size()) * sizeof(float);
}

std::size_t DeviceFactors::planned_bytes(const Optimizer& rule,
                                         std::span<const ParameterSpec> specs) {
  if (rule.scope() != Scope::parameter) return 0;
  Sums sums;
  std::uint64_t roots = 0;
  for (const ParameterSpec& spec : specs) {
    const FactoredParameter parameter = factored_parameter(rule, spec, 0, {});
    sums.add(parameter);
    roots += parameter.rows + parameter.columns;
  }
  return (sums.rows + sums.columns) * sizeof(double) + roots * sizeof(float);
}

}  // namespace rondo::optim
