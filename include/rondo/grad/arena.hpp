// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/float16.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/layout.hpp"

namespace rondo::grad {

/// One flat f32 memory for values and one for gradient sums, and if wanted one for a bf16 copy of
/// the values, laid out alike (Layout).
///
/// The layout is a function of the specs, the options and the number of ranks, hence equal on every
/// rank. Padding and trailer are zero in the values. Nothing here renews the copy. Local; not
/// thread-safe; views stay valid for the arena's life, moves included.
class Arena {
 public:
  struct Options {
    std::size_t bucket_bytes = std::size_t{1} << 22;  ///< what a bucket should measure
    bool share_values = false;  ///< the values lie in memory of the communicator too
    bool with_copy = false;     ///< there is memory for a bf16 copy of the values
    bool with_grads = true;     ///< gradients lie here, not elsewhere
  };

  /// For one rank. \throws UsageError  as Layout
  Arena(std::vector<ParameterSpec> specs, const Options& options);

  /// For the ranks of `comm`, with the gradients in its memory, which its collectives need not
  /// copy. Collective, equal specs and options on all ranks. \throws UsageError, CommError
  Arena(std::vector<ParameterSpec> specs, const Options& options, comm::Communicator& comm);

  const Layout& layout() const noexcept { return layout_; }
  std::span<const ParameterSpec> specs() const noexcept { return layout_.specs(); }

  /// The whole memories, padding and trailer included.
  std::span<float> values() noexcept { return values_; }
  std::span<float> grads() noexcept { return grads_; }          ///< or empty
  std::span<bfloat16> copy() noexcept { return copy_.span(); }  ///< or empty
  /// By rank, the values() of all ranks, to be read and written as comm::Memory::peers() says.
  /// Empty without Options::share_values and unless all ranks share one node.
  std::vector<std::span<float>> values_of_all();

  /// One parameter's part. \throws UsageError  there is no such parameter
  ParameterView view(std::size_t parameter);
  std::vector<ParameterView> views();

  /// XXH3 of names, values in order of registration: equal runs have equal hashes.
  std::uint64_t values_hash();

 private:
  Layout layout_;
  AlignedBuffer<float> private_values_;
  AlignedBuffer<float> private_grads_;
  AlignedBuffer<bfloat16> copy_;
  std::unique_ptr<comm::Memory> shared_values_;
  std::unique_ptr<comm::Memory> shared_grads_;
  std::span<float> values_;  // each in one of its two
  std::span<float> grads_;
};

}  // namespace rondo::grad
