// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_directory.hpp"

#include "rondo/base/atomic_file.hpp"

namespace rondo::job {

void RunDirectory::create() const {
  make_directories_durably(checkpoints());
}

}  // namespace rondo::job
