// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/rank_devices.hpp"

namespace rondo::test {

Device device_of_rank(int rank) {
  return Device(rank % device_count());
}

int most_ranks_with_gpus() {
  return device_count();
}
bool host_has_the_gpus_memory() {
  return false;
}

}  // namespace rondo::test
