// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/arena.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::grad {
namespace {

constexpr std::size_t line_elements = cache_line_bytes / sizeof(float);

void check_specs(std::span<const ParameterSpec> specs) {
  require(!specs.empty(), "an arena needs at least one parameter");
  std::unordered_set<std::string> names;
  for (const auto& spec : specs) {
    if (!names.insert(spec.name).second)
      throw UsageError(fmt::format("parameter '{}' is registered twice", spec.name));
    if (element_count(spec.shape) == 0)
      throw UsageError(fmt::format("parameter '{}' has no elements", spec.name));
  }
}

}  // namespace

Arena::Arena(std::vector<ParameterSpec> specs, Options options)
    : specs_(std::move(specs)), offsets_(specs_.size()) {
  lay_out(options);
  private_grads_ = AlignedBuffer<float>(elements());
  grads_ = private_grads_.span();
}

Arena::Arena(std::vector<ParameterSpec> specs, Options options, comm::Communicator& comm)
    : specs_(std::move(specs)), offsets_(specs_.size()) {
  lay_out(options);
  shared_grads_ = comm.allocate(elements() * sizeof(float));
  grads_ = {reinterpret_cast<float*>(shared_grads_->bytes().data()), elements()};
}

void Arena::lay_out(const Options& options) {
  check_specs(specs_);
  cut_buckets(std::max(options.bucket_bytes / sizeof(float), std::size_t{1}));
  values_ = AlignedBuffer<float>(elements());
  for (std::size_t k = 0; k < options.slots; ++k)
    slots_.emplace_back(elements());
}

void Arena::cut_buckets(std::size_t bucket_elements) {
  Bucket bucket;
  std::size_t cursor = 0;
  for (std::size_t i = specs_.size(); i-- > 0;) {
    offsets_[i] = cursor;
    bucket.parameters.push_back(i);
    cursor += round_up(element_count(specs_[i].shape), line_elements);
    if (cursor - bucket.begin < bucket_elements && i > 0) continue;
    bucket.trailer = cursor;
    bucket.end = cursor += Trailer::elements;
    buckets_.push_back(std::exchange(bucket, Bucket{.begin = cursor, .parameters = {}}));
  }
}

ParameterView Arena::view(std::size_t parameter) {
  const std::size_t count = element_count(specs_.at(parameter).shape);
  return {values().subspan(offsets_[parameter], count),
          grads().subspan(offsets_[parameter], count)};
}

std::vector<ParameterView> Arena::views() {
  std::vector<ParameterView> all(specs_.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = view(i);
  return all;
}

std::span<float> Arena::slot(std::size_t k, std::size_t parameter) {
  return slot(k).subspan(offset(parameter), element_count(specs_[parameter].shape));
}

std::uint64_t Arena::values_hash() {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    hash = content_hash(specs_[i].name, hash);
    hash = content_hash(std::as_bytes(view(i).value), hash);
  }
  return hash;
}

}  // namespace rondo::grad
