// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/lamb.hpp"

#include "optim/adam_kind.hpp"
#include "optim/blocks.hpp"
#include "optim/checks.hpp"
#include "optim/kernels/trust.hpp"

namespace rondo::optim {
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
  kernel::MeasuredSums sums;
  kernel::measure_lamb({.written = {range.slots[0].data(), range.slots[1].data()},
                        .read = {range.value.data(), range.grad.data()},
                        .count = range.value.size()},
                       factors, sums);
  return {.value = sums.value.total(), .direction = sums.direction.total()};
}

void Lamb::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  kernel::AdamFactors factors = adam_factors(options_, range, context);
  factors.lr *= kernel::lamb_ratio(range.sums, range.decays);
  const kernel::Streams<1, 2> streams{.written = {range.value.data()},
                                      .read = {range.slots[0].data(), range.slots[1].data()},
                                      .count = range.value.size()};
  update_blocks(range, context, streams, [&](const auto& block) { kernel::lamb(block, factors); });
}

}  // namespace rondo::optim
