// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// save_program DIRECTORY STEP [WRITERS]: saves the sample state of the step, two to keep, by one
// writer or by two.
#include <cstdio>
#include <cstdlib>

#include "checkpoint/sample_state.hpp"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::uint64_t step = std::strtoull(argv[2], nullptr, 10);
  try {
    if (argc == 3)
      rondo::checkpoint::save_sample(argv[1], step);
    else
      rondo::checkpoint::save_sample_by_two(argv[1], step);
    return 0;
  } catch (const rondo::Error& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return static_cast<int>(e.code());
  }
}
