// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "optim/cuda/piece_walk.cuh"
#include "optim/kernels/scalar.hpp"
#include "optim/kernels/trust.hpp"

namespace rondo::optim::cuda {
namespace {

using precision::DevicePiece;
using rondo::cuda::block_threads;
using rondo::cuda::load_pack;
using rondo::cuda::Pack;
using rondo::cuda::store_pack;

/// What most rules do.
struct ElementRule {
  static constexpr bool takes_norms = false;
  static constexpr bool reads_gradient = true;
  static constexpr bool stores_slots = true;
};

struct SgdRule : ElementRule {
  using Factors = kernel::SgdFactors;
  static constexpr int slots = 0;
  static __device__ __forceinline__ void step(float& value, float* /*slots*/, float sum,
                                              const Factors& f) {
    kernel::scalar::sgd_step(value, sum, f);
  }
};

struct MomentumRule : ElementRule {
  using Factors = kernel::SgdFactors;
  static constexpr int slots = 1;
  static __device__ __forceinline__ void step(float& value, float* own, float sum,
                                              const Factors& f) {
    kernel::scalar::momentum_step(value, own[0], sum, f);
  }
};

struct NesterovRule : ElementRule {
  using Factors = kernel::SgdFactors;
  static constexpr int slots = 1;
  static __device__ __forceinline__ void step(float& value, float* own, float sum,
                                              const Factors& f) {
    kernel::scalar::nesterov_step(value, own[0], sum, f);
  }
};

struct AdamRule : ElementRule {
  using Factors = kernel::AdamFactors;
  static constexpr int slots = 2;
  static __device__ __forceinline__ void step(float& value, float* own, float sum,
                                              const Factors& f) {
    kernel::scalar::adam_step(value, own[0], own[1], sum, f);
  }
};

struct AdamWRule : ElementRule {
  using Factors = kernel::AdamFactors;
  static constexpr int slots = 2;
  static __device__ __forceinline__ void step(float& value, float* own, float sum,
                                              const Factors& f) {
    kernel::scalar::adamw_step(value, own[0], own[1], sum, f);
  }
};

struct LionRule : ElementRule {
  using Factors = kernel::LionFactors;
  static constexpr int slots = 1;
  static __device__ __forceinline__ void step(float& value, float* own, float sum,
                                              const Factors& f) {
    kernel::scalar::lion_step(value, own[0], sum, f);
  }
};

/// measure_lamb() has done the moments.
struct LambRule {
  using Factors = kernel::AdamFactors;
  static constexpr int slots = 2;
  static constexpr bool takes_norms = true;
  static constexpr bool reads_gradient = false;
  static constexpr bool stores_slots = false;
  static __device__ __forceinline__ void take(Factors& f, const SquareSums& norms, bool decays) {
    f.lr *= kernel::lamb_ratio(norms, decays);
  }
  static __device__ __forceinline__ void step(float& value, float* own, float /*sum*/,
                                              const Factors& f) {
    kernel::scalar::lamb_step(value, own[0], own[1], f);
  }
};

struct LarsRule : ElementRule {
  using Factors = LarsFactors;
  static constexpr int slots = 1;
  static constexpr bool takes_norms = true;
  static __device__ __forceinline__ void take(Factors& f, const SquareSums& norms, bool decays) {
    f.local_rate = kernel::lars_rate(norms, decays, f.trust_coefficient, f.decay);
  }
  static __device__ __forceinline__ void step(float& value, float* own, float sum,
                                              const Factors& f) {
    kernel::scalar::momentum_step(value, own[0], sum, f);
  }
};

template <class Rule, int n>
__device__ __forceinline__ void step_elements(const UpdateWork& work,
                                              const typename Rule::Factors& factors, std::size_t i,
                                              std::size_t held) {
  auto values = load_pack<n>(work.values + i);
  Pack<float, n> sums{};
  if constexpr (Rule::reads_gradient) sums = load_pack<n>(work.grads + i);
  Pack<float, n> slots[Rule::slots + 1];  // one more: there are no arrays of length 0
#pragma unroll
  for (int k = 0; k < Rule::slots; ++k)
    slots[k] = load_pack<n>(work.slots[k] + held);
#pragma unroll
  for (int e = 0; e < n; ++e) {
    float own[Rule::slots + 1];
#pragma unroll
    for (int k = 0; k < Rule::slots; ++k)
      own[k] = slots[k].at[e];
    Rule::step(values.at[e], own, sums.at[e], factors);
#pragma unroll
    for (int k = 0; k < Rule::slots; ++k)
      slots[k].at[e] = own[k];
  }
  store_pack(values, work.values + i);
  if constexpr (Rule::stores_slots) {
#pragma unroll
    for (int k = 0; k < Rule::slots; ++k)
      store_pack(slots[k], work.slots[k] + held);
  }
  store_copy(work, values, i);
}

template <class Rule, int n>
__device__ __forceinline__ void update_elements(const UpdateWork& work,
                                                const typename Rule::Factors& factors,
                                                const DevicePiece& piece, int first) {
  if (piece.role == ParameterRole::statistic)
    follow_elements<n>(work, piece.begin + first);
  else
    step_elements<Rule, n>(work, factors, piece.begin + first, piece.held + first);
}

/// This thread's elements of a piece.
template <class Rule>
__device__ __forceinline__ void update_piece(const UpdateWork& work, typename Rule::Factors factors,
                                             const DevicePiece& piece) {
  const bool decays = piece.role == ParameterRole::weight;
  if (!decays) factors.decay = 0;
  if constexpr (Rule::takes_norms) Rule::take(factors, work.norms[piece.parameter], decays);
  const bool aligned = work.aligned && (piece.begin | piece.held) % piece_width == 0;
  update_own(piece.count, aligned, [&](auto width, int first) {
    update_elements<Rule, decltype(width)::value>(work, factors, piece, first);
  });
}

template <class Rule>
__global__ void __launch_bounds__(block_threads)
    update(const __grid_constant__ UpdateWork work, typename Rule::Factors factors) {
  if (work.verdict != nullptr) {
    if (work.verdict->finite == 0) return;
    factors.gradient.scale = work.verdict->scale;
  }
  visit_pieces(work, [&](const DevicePiece& piece) { update_piece<Rule>(work, factors, piece); });
}

template <class Rule>
void queue(DeviceStream& stream, const char* name, const UpdateWork& work,
           const typename Rule::Factors& factors) {
  rondo::cuda::launch<&update<Rule>>(stream, name, work.piece_count, work, factors);
}

}  // namespace

void sgd(DeviceStream& stream, const UpdateWork& work, const kernel::SgdFactors& factors) {
  queue<SgdRule>(stream, "optim::sgd", work, factors);
}
void momentum(DeviceStream& stream, const UpdateWork& work, const kernel::SgdFactors& factors) {
  queue<MomentumRule>(stream, "optim::momentum", work, factors);
}
void nesterov(DeviceStream& stream, const UpdateWork& work, const kernel::SgdFactors& factors) {
  queue<NesterovRule>(stream, "optim::nesterov", work, factors);
}
void adam(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors) {
  queue<AdamRule>(stream, "optim::adam", work, factors);
}
void adamw(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors) {
  queue<AdamWRule>(stream, "optim::adamw", work, factors);
}
void lion(DeviceStream& stream, const UpdateWork& work, const kernel::LionFactors& factors) {
  queue<LionRule>(stream, "optim::lion", work, factors);
}
void lamb(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors) {
  queue<LambRule>(stream, "optim::lamb", work, factors);
}
void lars(DeviceStream& stream, const UpdateWork& work, const LarsFactors& factors) {
  queue<LarsRule>(stream, "optim::lars", work, factors);
}

}  // namespace rondo::optim::cuda
