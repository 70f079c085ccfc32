// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_directory.hpp"

#include <system_error>

#include <fmt/format.h>

#include "rondo/base/output_error.hpp"

namespace rondo::job {

void RunDirectory::create() const {
  std::error_code error;
  std::filesystem::create_directories(checkpoints(), error);
  if (error)
    throw output_error(fmt::format("cannot create the run directory {}", root_.string()),
                       error.value());
}

}  // namespace rondo::job
