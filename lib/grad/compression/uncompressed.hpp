// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// "none": the plain allreduce. Each rank sends 2 (p-1)/p * S bytes; no memory of its own.
std::unique_ptr<Compressor> make_uncompressed();

}  // namespace rondo::grad
