// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"
#include "comm/nccl/nccl_api.hpp"

const rondo::comm::nccl::Api& rondo::comm::nccl::api() {
  no_cuda();
}
