// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/lamb.hpp"

#include <array>
#include <cmath>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/precision/squares.hpp"

#include "optim/adam_kind.hpp"
#include "optim/blocks.hpp"
#include "optim/checks.hpp"

namespace rondo::optim {
namespace {

float trust_ratio(const UpdateRange& range) {
  const auto [value, direction] = range.sums;
  if (!range.decays || value == 0 || direction == 0) return 1;
  return static_cast<float>(std::sqrt(value) / std::sqrt(direction));
}

}  // namespace

Lamb::Lamb(const Options& options) : options_(options) {
  check_adam_options(options, name());
}

std::string Lamb::text() const {
  return adam_text(options_, name());
}

std::span<const std::string_view> Lamb::slot_names() const noexcept {
  return moment_slots;
}

SquareSums Lamb::measure(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  const kernel::AdamFactors factors = adam_factors(options_, range, context);
  alignas(cache_line_bytes) std::array<float, block_count> directions{};
  precision::SquareSum value_sums;
  precision::SquareSum direction_sums;
  for_each_block(range.value.size(), [&](std::size_t begin, std::size_t count) {
    kernel::lamb_direction({.written = {directions.data(), range.slots[0].data() + begin,
                                        range.slots[1].data() + begin},
                            .read = {range.value.data() + begin, range.grad.data() + begin},
                            .count = count},
                           factors);
    value_sums.add(range.value.subspan(begin, count));
    direction_sums.add(std::span(directions).first(count));
  });
  return {.value = value_sums.total(), .direction = direction_sums.total()};
}

void Lamb::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  kernel::AdamFactors factors = adam_factors(options_, range, context);
  factors.lr *= trust_ratio(range);
  const kernel::Streams<1, 2> streams{.written = {range.value.data()},
                                      .read = {range.slots[0].data(), range.slots[1].data()},
                                      .count = range.value.size()};
  update_blocks(range, context, streams, [&](const auto& block) { kernel::lamb(block, factors); });
}

}  // namespace rondo::optim
