// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/arena.hpp"

#include <utility>

#include "rondo/base/hash.hpp"

#include "grad/float_memory.hpp"

namespace rondo::grad {

Arena::Arena(std::vector<ParameterSpec> specs, const Options& options)
    : layout_(std::move(specs), {.bucket_bytes = options.bucket_bytes}),
      private_values_(layout_.elements()),
      private_grads_(options.with_grads ? layout_.elements() : 0),
      copy_(options.with_copy ? layout_.elements() : 0),
      values_(private_values_.span()),
      grads_(private_grads_.span()) {}

Arena::Arena(std::vector<ParameterSpec> specs, const Options& options, comm::Communicator& comm)
    : layout_(std::move(specs), {.bucket_bytes = options.bucket_bytes, .ranks = comm.size()}),
      copy_(options.with_copy ? layout_.elements() : 0) {
  if (options.with_grads) {
    shared_grads_ = allocate_floats(comm, layout_.elements());
    grads_ = floats_of(*shared_grads_);
  }
  if (options.share_values) {
    shared_values_ = allocate_floats(comm, layout_.elements());
    values_ = floats_of(*shared_values_);
  } else {
    private_values_ = AlignedBuffer<float>(layout_.elements());
    values_ = private_values_.span();
  }
}

std::vector<std::span<float>> Arena::values_of_all() {
  std::vector<std::span<float>> all;
  if (!shared_values_) return all;
  for (const std::span<std::byte> bytes : shared_values_->peers())
    all.emplace_back(reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float));
  return all;
}

ParameterView Arena::view(std::size_t parameter) {
  const ElementRange range = layout_.parameter(parameter);
  const auto part = [range](auto memory) {
    return memory.empty() ? memory : memory.subspan(range.begin, range.size());
  };
  return {.value = part(values_), .grad = part(grads_), .copy = part(copy_.span())};
}

std::vector<ParameterView> Arena::views() {
  std::vector<ParameterView> all(specs().size());
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = view(i);
  return all;
}

std::uint64_t Arena::values_hash() {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < specs().size(); ++i) {
    hash = content_hash(specs()[i].name, hash);
    hash = content_hash(std::as_bytes(view(i).value), hash);
  }
  return hash;
}

}  // namespace rondo::grad
