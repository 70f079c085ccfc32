// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "rondo/grad/compression.hpp"
#include "rondo/grad/device_gradients.hpp"
#include "rondo/grad/layout.hpp"

namespace rondo::grad {

/// A Compressor of gradients in a GPU's memory, where its residuals lie too: the same formulas,
/// messages and state.
///
/// The bits are the Compressor's, but for the sign and payload of a NaN (which of two NaNs topk
/// takes first may differ by that), and for what is summed exactly: DeviceCommunicator adds in an
/// order of its own, so f32 sums of p > 2 ranks differ by as much as any two orders, at most
/// (p-1) 2^-23 of the sum of magnitudes. So do powersgd's factors, and what comes of them.
///
/// One object per rank and arena. Nothing waits for the GPU but fetch() and send(). Not
/// thread-safe.
class DeviceCompressor {
 public:
  virtual ~DeviceCompressor() = default;

  /// Queues among the gradients' transfers: one of the layout's buckets becomes its sum over the
  /// ranks. Collective: equal buckets in equal order.
  virtual void reduce(std::size_t bucket) = 0;

  /// As Compressor::rescale(), queued on the gradients' stream. No sum may be under way.
  virtual void rescale(float factor) = 0;

  /// Copies the state to, or from, a Compressor of the same name, options and layout, for
  /// checkpoints. Done when it returns; no sum may be under way. Fetches once for every change.
  virtual void fetch(Compressor& host) = 0;
  virtual void send(Compressor& host) = 0;

  /// Of the GPU's memory: residuals, messages, tables.
  virtual std::size_t device_bytes() const noexcept = 0;
};

/// Null for "none". Residuals are zero, factors those that a new Compressor has. `layout`, and what
/// `gradients` refers to, must outlive it. Local. \throws ConfigError  no such method, or an option
/// out of its range \throws DeviceError out of memory
std::unique_ptr<DeviceCompressor> make_device_compressor(std::string_view name,
                                                         const CompressionOptions& options,
                                                         const Layout& layout,
                                                         const DeviceGradients& gradients);

/// What its residuals and messages will take of the GPU's memory, but for tables: as if nothing in
/// the longest bucket was summed exactly. 0 for "none".
std::size_t planned_device_bytes(std::string_view name, const CompressionOptions& options,
                                 const Layout& layout);

}  // namespace rondo::grad
