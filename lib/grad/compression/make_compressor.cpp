// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/float16.hpp"
#include "rondo/grad/compression.hpp"
#include "rondo/grad/device_compression.hpp"
#include "rondo/grad/gradient_sum.hpp"

#include "grad/compression/device_methods.hpp"
#include "grad/compression/int8.hpp"
#include "grad/compression/int8_slices.hpp"
#include "grad/compression/largest.hpp"
#include "grad/compression/power_sgd.hpp"
#include "grad/compression/short_float.hpp"
#include "grad/compression/top_k.hpp"
#include "grad/compression/uncompressed.hpp"

namespace rondo::grad {
namespace {

constexpr std::array<std::string_view, 6> names{"none", "bf16", "f16", "int8", "topk", "powersgd"};

void check_count(std::string_view what, std::size_t value, std::size_t largest) {
  if (value >= 1 && value <= largest) return;
  throw ConfigError(fmt::format("compression {} is {}: choose 1 to {}", what, value, largest));
}

void check_fraction(double fraction) {
  if (fraction > 0 && fraction <= 1) return;
  throw ConfigError(fmt::format(
      "compression topk: the fraction is {}: choose more than 0 and at most 1", fraction));
}

void check_name(std::string_view name) {
  if (std::ranges::find(names, name) != names.end()) return;
  throw ConfigError(
      fmt::format("no compression is called '{}': choose {}", name, fmt::join(names, ", ")));
}

void check_options(std::string_view name, const CompressionOptions& options) {
  check_name(name);
  if (name == "int8") check_count("int8: the block", options.block, 65536);
  if (name == "topk") check_fraction(options.fraction);
  if (name == "powersgd") check_count("powersgd: the rank", options.rank, 256);
}

TopKOptions top_k_options(const CompressionOptions& options) {
  return {.fraction = options.fraction, .warmup_steps = options.warmup_steps};
}

/// In the order of the arena.
std::vector<PlacedParameter> sorted_parameters(const Layout& layout) {
  std::vector<PlacedParameter> parameters = placed_parameters(layout);
  std::ranges::sort(parameters, {}, &PlacedParameter::begin);
  return parameters;
}

/// Of the longest bucket.
std::size_t message_bytes(std::string_view name, const CompressionOptions& options,
                          const Layout& layout) {
  std::size_t elements = 0;
  for (const ElementRange bucket : layout.buckets())
    elements = std::max(elements, bucket.size());
  const auto ranks = static_cast<std::size_t>(layout.ranks());
  const std::size_t slices = 2 * ranks + 1;  // for all, of all, and this rank's sum
  if (name == "bf16" || name == "f16") return slices * (elements / ranks) * sizeof(bfloat16);
  if (name == "int8")
    return slices *
           Int8Slices(Runs({{0, elements}}), options.block, layout.ranks()).message_bytes();
  if (name == "topk") return (ranks + 1) * elements * sizeof(Entry);
  if (name == "powersgd")
    return planned_factor_bytes(layout, sorted_parameters(layout), options.rank);
  return 0;
}

}  // namespace

std::vector<PlacedParameter> placed_parameters(const Layout& layout) {
  std::vector<PlacedParameter> placed;
  for (std::size_t i = 0; i < layout.specs().size(); ++i)
    placed.push_back({layout.specs()[i], layout.parameter(i).begin});
  return placed;
}

std::span<const std::string_view> compression_names() {
  return names;
}

std::string compression_text(std::string_view name, const CompressionOptions& options) {
  if (name == "int8") return fmt::format("int8, block {}", options.block);
  if (name == "topk")
    return fmt::format("topk, fraction {}, warm-up {} steps", options.fraction,
                       options.warmup_steps);
  if (name == "powersgd") return fmt::format("powersgd, rank {}", options.rank);
  return std::string(name);
}

std::unique_ptr<Compressor> make_compressor(std::string_view name,
                                            const CompressionOptions& options,
                                            std::vector<PlacedParameter> parameters) {
  check_options(name, options);
  std::ranges::sort(parameters, {}, &PlacedParameter::begin);
  if (name == "bf16") return make_short_float<bfloat16>(parameters);
  if (name == "f16") return make_short_float<half>(parameters);
  if (name == "int8") return make_int8(parameters, options.block);
  if (name == "topk") return make_top_k(parameters, top_k_options(options));
  if (name == "powersgd") return make_power_sgd(parameters, options.rank, options.seed);
  return make_uncompressed();
}

std::unique_ptr<DeviceCompressor> make_device_compressor(std::string_view name,
                                                         const CompressionOptions& options,
                                                         const Layout& layout,
                                                         const DeviceGradients& gradients) {
  check_options(name, options);
  const std::vector<PlacedParameter> parameters = sorted_parameters(layout);
  if (name == "bf16") return make_device_short_float<bfloat16>(layout, gradients, parameters);
  if (name == "f16") return make_device_short_float<half>(layout, gradients, parameters);
  if (name == "int8") return make_device_int8(layout, gradients, parameters, options.block);
  if (name == "topk")
    return make_device_top_k(layout, gradients, parameters, top_k_options(options));
  if (name == "powersgd")
    return make_device_power_sgd(layout, gradients, parameters, options.rank, options.seed);
  return nullptr;
}

std::size_t planned_device_bytes(std::string_view name, const CompressionOptions& options,
                                 const Layout& layout) {
  if (name == "none") return 0;
  return layout.elements() * sizeof(float) + message_bytes(name, options, layout);
}

void check_compression(std::string_view name, Reduction reduction, Sharding sharding) {
  check_name(name);
  if (name == "none") return;
  if (reduction == Reduction::fixed)
    throw ConfigError(fmt::format(
        "compression {} does not go with the fixed reduction: what it rounds depends on the number "
        "of ranks. Choose --reduce fast, or no compression",
        name));
  if (sharding != Sharding::none)
    throw ConfigError(
        fmt::format("compression {} does not go with sharding {}: it corrects whole gradients, "
                    "and a rank has its shards only. Choose no sharding, or no compression",
                    name, name_of(sharding)));
}

void Compressor::rescale(float factor) {
  for (const auto& tensor : state()) {
    if (tensor.kind != StateKind::per_rank) continue;
    for (float& value : tensor.values)
      value *= factor;
  }
}

}  // namespace rondo::grad
