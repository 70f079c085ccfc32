// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/gpu_command.hpp"

int main(int argc, char** argv) {
  return rondo::bench::gpu_main(argc, argv);
}
