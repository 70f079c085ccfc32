// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/float16.hpp"
#include "rondo/grad/compression.hpp"
#include "rondo/grad/gradient_sum.hpp"

#include "grad/compression/int8.hpp"
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
  check_name(name);
  std::ranges::sort(parameters, {}, &PlacedParameter::begin);
  if (name == "bf16") return make_short_float<bfloat16>(parameters);
  if (name == "f16") return make_short_float<half>(parameters);
  if (name == "int8") {
    check_count("int8: the block", options.block, 65536);
    return make_int8(parameters, options.block);
  }
  if (name == "topk") {
    check_fraction(options.fraction);
    return make_top_k(parameters,
                      {.fraction = options.fraction, .warmup_steps = options.warmup_steps});
  }
  if (name == "powersgd") {
    check_count("powersgd: the rank", options.rank, 256);
    return make_power_sgd(parameters, options.rank, options.seed);
  }
  return make_uncompressed();
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
