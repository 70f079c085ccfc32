// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "optim/kernels/rules.hpp"

#include "base/host_device.hpp"
#include "base/vector_targets.hpp"
#include "optim/kernels/factored.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/kernels/rules.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optim/kernels/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::optim::kernel {
namespace HWY_NAMESPACE {

void sgd_on_target(const Streams<1, 1>& streams, const SgdFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[1], const Floats(&read)[1])
                     HWY_ATTR { sgd_step(written[0], read[0], f); });
}

void momentum_on_target(const Streams<2, 1>& streams, const SgdFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[2], const Floats(&read)[1])
                     HWY_ATTR { momentum_step(written[0], written[1], read[0], f); });
}

void nesterov_on_target(const Streams<2, 1>& streams, const SgdFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[2], const Floats(&read)[1])
                     HWY_ATTR { nesterov_step(written[0], written[1], read[0], f); });
}

void adam_on_target(const Streams<3, 1>& streams, const AdamFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[3], const Floats(&read)[1])
                     HWY_ATTR { adam_step(written[0], written[1], written[2], read[0], f); });
}

void adamw_on_target(const Streams<3, 1>& streams, const AdamFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[3], const Floats(&read)[1])
                     HWY_ATTR { adamw_step(written[0], written[1], written[2], read[0], f); });
}

void measure_lamb_on_target(const Streams<2, 2>& streams, const AdamFactors& factors,
                            MeasuredSums& sums) {
  apply_and_square(
      streams,
      [f = factors](Floats(&written)[2], const Floats(&read)[2]) HWY_ATTR {
        const auto& [value, sum] = read;
        return Measured{value, lamb_direction(value, written[0], written[1], sum, f)};
      },
      sums);
}

void measure_lars_on_target(const Streams<0, 2>& streams, const Gradient& gradient,
                            MeasuredSums& sums) {
  apply_and_square(
      streams,
      [gradient](const auto&, const Floats(&read)[2]) HWY_ATTR {
        return Measured{read[0], scaled_and_clipped(read[1], gradient)};
      },
      sums);
}

void lamb_on_target(const Streams<1, 2>& streams, const AdamFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[1], const Floats(&read)[2])
                     HWY_ATTR { lamb_step(written[0], read[0], read[1], f); });
}

void lion_on_target(const Streams<2, 1>& streams, const LionFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[2], const Floats(&read)[1])
                     HWY_ATTR { lion_step(written[0], written[1], read[0], f); });
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::optim::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::optim::kernel {

HWY_EXPORT(sgd_on_target);
HWY_EXPORT(momentum_on_target);
HWY_EXPORT(nesterov_on_target);
HWY_EXPORT(adam_on_target);
HWY_EXPORT(adamw_on_target);
HWY_EXPORT(measure_lamb_on_target);
HWY_EXPORT(measure_lars_on_target);
HWY_EXPORT(lamb_on_target);
HWY_EXPORT(lion_on_target);

void sgd(const Streams<1, 1>& streams, const SgdFactors& factors) {
  HWY_DYNAMIC_DISPATCH(sgd_on_target)(streams, factors);
}

void momentum(const Streams<2, 1>& streams, const SgdFactors& factors) {
  HWY_DYNAMIC_DISPATCH(momentum_on_target)(streams, factors);
}

void nesterov(const Streams<2, 1>& streams, const SgdFactors& factors) {
  HWY_DYNAMIC_DISPATCH(nesterov_on_target)(streams, factors);
}

void adam(const Streams<3, 1>& streams, const AdamFactors& factors) {
  HWY_DYNAMIC_DISPATCH(adam_on_target)(streams, factors);
}

void adamw(const Streams<3, 1>& streams, const AdamFactors& factors) {
  HWY_DYNAMIC_DISPATCH(adamw_on_target)(streams, factors);
}

void measure_lamb(const Streams<2, 2>& streams, const AdamFactors& factors, MeasuredSums& sums) {
  HWY_DYNAMIC_DISPATCH(measure_lamb_on_target)(streams, factors, sums);
}

void measure_lars(const Streams<0, 2>& streams, const Gradient& gradient, MeasuredSums& sums) {
  HWY_DYNAMIC_DISPATCH(measure_lars_on_target)(streams, gradient, sums);
}

void lamb(const Streams<1, 2>& streams, const AdamFactors& factors) {
  HWY_DYNAMIC_DISPATCH(lamb_on_target)(streams, factors);
}

void lion(const Streams<2, 1>& streams, const LionFactors& factors) {
  HWY_DYNAMIC_DISPATCH(lion_on_target)(streams, factors);
}

}  // namespace rondo::optim::kernel
#endif
