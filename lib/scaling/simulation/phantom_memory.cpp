// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/simulation/phantom_memory.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/mman.h>

#include "rondo/base/error.hpp"

namespace rondo::scaling {

PhantomMemory::PhantomMemory() {
  void* const begin =
      mmap(nullptr, 3 * third_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED)
    throw CommError(fmt::format("cannot reserve {} GiB of addresses for a simulation: {} (is the "
                                "address space limited? see ulimit -v)",
                                3 * third_bytes >> 30, std::generic_category().message(errno)),
                    ExitCode::internal);
  begin_ = static_cast<std::byte*>(begin);
}

PhantomMemory::~PhantomMemory() {
  munmap(begin_, 3 * third_bytes);
}

}  // namespace rondo::scaling
