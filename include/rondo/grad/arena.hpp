// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/comm/communicator.hpp"

namespace rondo::grad {

/// A run of the arena that is reduced by one collective: whole parameters, then a trailer of one
/// cache line that carries the run's own denominator (and, in the last bucket, the step's sums).
struct Bucket {
  std::size_t begin = 0;                ///< first element
  std::size_t trailer = 0;              ///< first element of the trailer
  std::size_t end = 0;                  ///< one past the trailer
  std::vector<std::size_t> parameters;  ///< indices, in the order of the arena
};

/// Elements of a trailer, and what each sums over the lanes.
struct Trailer {
  static constexpr std::size_t elements = cache_line_bytes / sizeof(float);
  static constexpr std::size_t weight = 0;
  // In the last bucket only:
  static constexpr std::size_t loss = 1;
  static constexpr std::size_t correct = 2;
  static constexpr std::size_t stop = 3;
};

/// One flat f32 memory each for values, gradient sums and optimizer slots, all laid out alike.
///
/// Parameters lie in reverse order of registration, so that those whose gradients a backward pass
/// completes first stand first; each starts on a cache line. The layout is a function of the
/// specs and the options alone, hence equal on every rank. Padding and trailers are zero in values
/// and slots. Local; not thread-safe; views stay valid for the arena's life, moves included.
class Arena {
 public:
  struct Options {
    std::size_t bucket_bytes = std::size_t{1} << 22;  ///< a bucket closes once it is this large
    std::size_t slots = 0;                            ///< optimizer slots per element
  };

  /// \throws UsageError  no parameter, an empty one, or two of one name
  Arena(std::vector<ParameterSpec> specs, Options options);

  /// The same with the gradients in memory of `comm`, which its collectives need not copy.
  /// Collective, equal specs on all ranks. \throws CommError
  Arena(std::vector<ParameterSpec> specs, Options options, comm::Communicator& comm);

  std::span<const ParameterSpec> specs() const noexcept { return specs_; }
  std::span<const Bucket> buckets() const noexcept { return buckets_; }
  std::size_t slots() const noexcept { return slots_.size(); }
  std::size_t offset(std::size_t parameter) const { return offsets_.at(parameter); }

  /// The whole memories, padding and trailers included.
  std::span<float> values() noexcept { return values_.span(); }
  std::span<float> grads() noexcept { return grads_; }
  std::span<float> slot(std::size_t k) { return slots_.at(k).span(); }

  /// One parameter's part.
  ParameterView view(std::size_t parameter);
  std::vector<ParameterView> views();
  std::span<float> slot(std::size_t k, std::size_t parameter);

  /// XXH3 of names, values in order of registration: equal runs have equal hashes.
  std::uint64_t values_hash();

 private:
  std::size_t elements() const noexcept { return buckets_.back().end; }
  void lay_out(const Options& options);
  void cut_buckets(std::size_t bucket_elements);

  std::vector<ParameterSpec> specs_;
  std::vector<std::size_t> offsets_;  // by parameter
  std::vector<Bucket> buckets_;
  AlignedBuffer<float> values_;
  AlignedBuffer<float> private_grads_;
  std::unique_ptr<comm::Memory> shared_grads_;
  std::span<float> grads_;  // in one of these two
  std::vector<AlignedBuffer<float>> slots_;
};

}  // namespace rondo::grad
