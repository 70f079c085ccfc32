// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <vector>

#include "rondo/comm/mpi_world.hpp"
#include "rondo/train/session.hpp"

namespace {

/// Adds the gradient of the squared error of a line to 16 points of y = 2x + 1; returns the error.
double add_gradient(std::size_t lane, std::span<const rondo::ParameterView> line) {
  double loss = 0;
  for (int i = 0; i < 16; ++i) {
    const float x = static_cast<float>((lane * 16 + static_cast<std::size_t>(i)) % 21) / 10 - 1;
    const float error = line[0].value[0] * x + line[1].value[0] - (2 * x + 1);
    line[0].grad[0] += 2 * error * x;
    line[1].grad[0] += 2 * error;
    loss += error * error;
  }
  return loss;
}

}  // namespace

/// The README's training step, with this data.
int main() {
#include "readme_step.inc"
  const auto line = session.parameters();
  if (is_root(*comm)) std::printf("y = %.3f x + %.3f\n", line[0].value[0], line[1].value[0]);
}
