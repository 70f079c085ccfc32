// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/machine.hpp"

namespace rondo::job {

Machine inspect_machine() {
  return {};
}

std::string bind_process(const Processors&) {
  return "built without hwloc";
}

}  // namespace rondo::job
