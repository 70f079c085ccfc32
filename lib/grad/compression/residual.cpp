// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/residual.hpp"

#include <algorithm>

namespace rondo::grad {
namespace {

std::size_t end_of(std::span<const PlacedParameter> parameters) {
  std::size_t end = 0;
  for (const auto& [spec, begin] : parameters)
    end = std::max(end, begin + element_count(spec.shape));
  return end;
}

}  // namespace

Residual::Residual(std::span<const PlacedParameter> parameters)
    : parameters_(parameters.begin(), parameters.end()), values_(end_of(parameters)) {}

std::vector<StateTensor> Residual::state() {
  std::vector<StateTensor> tensors;
  for (const auto& [spec, begin] : parameters_)
    tensors.push_back({.name = "residual/" + spec.name,
                       .shape = spec.shape,
                       .values = part(begin, element_count(spec.shape)),
                       .kind = StateKind::per_rank});
  return tensors;
}

}  // namespace rondo::grad
