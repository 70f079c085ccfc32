// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/block_sums.cuh"
#include "base/cuda/last_block.cuh"
#include "nn/cuda/floats.cuh"
#include "nn/cuda/loss.hpp"

namespace rondo::nn::cuda {
namespace {

using rondo::cuda::block_threads;

template <class T>
struct LossWork {
  const T* logits;
  T* diff;  // or null
  const Lane* lane;
  std::size_t batch;
  std::size_t lanes;
  std::size_t classes;
  Loss::Sample* samples;
  float* weight_sums;
  std::uint32_t* blocks_done;
};

struct Candidate {
  float logit;
  std::size_t index;

  /// Of equals the first one.
  __device__ __forceinline__ bool is_behind(const Candidate& other) const {
    return other.logit > logit || (other.logit == logit && other.index < index);
  }
};

/// As std::max_element: a NaN is the largest in front, and none elsewhere.
template <class T>
__device__ __forceinline__ Candidate candidate(const T* row, std::size_t i) {
  const auto logit = static_cast<float>(row[i]);
  if (logit == logit) return {logit, i};
  return {i == 0 ? INFINITY : -INFINITY, i};
}

/// For all threads, which all must call.
template <class T>
__device__ Candidate find_largest(const T* row, std::size_t count) {
  __shared__ float logits[block_threads];
  __shared__ std::size_t indices[block_threads];
  const unsigned self = threadIdx.x;
  Candidate mine{-INFINITY, count};
  for (std::size_t i = self; i < count; i += block_threads) {
    const Candidate other = candidate(row, i);
    if (mine.is_behind(other)) mine = other;
  }
  logits[self] = mine.logit;
  indices[self] = mine.index;
  for (unsigned half = block_threads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (self >= half) continue;
    const Candidate other{logits[self + half], indices[self + half]};
    if (!Candidate{logits[self], indices[self]}.is_behind(other)) continue;
    logits[self] = other.logit;
    indices[self] = other.index;
  }
  __syncthreads();
  return {logits[0], indices[0]};
}

/// log(sum of exp(row - largest)), for all threads, which all must call.
template <class T>
__device__ double log_sum(const T* row, std::size_t count, float largest) {
  __shared__ double result;
  double sum[1] = {};
  for (std::size_t i = threadIdx.x; i < count; i += block_threads)
    sum[0] += static_cast<double>(expf(static_cast<float>(row[i]) - largest));
  rondo::cuda::add_up(sum, 1);
  if (threadIdx.x == 0) result = log(sum[0]);
  __syncthreads();
  return result;
}

template <class T>
__device__ __forceinline__ void measure_sample(const LossWork<T>& work, std::size_t n) {
  const T* const row = work.logits + n * work.classes;
  const Candidate largest = find_largest(row, work.classes);
  const double behind_largest = log_sum(row, work.classes, largest.logit);

  const auto label = static_cast<std::size_t>(work.lane->labels[n]);  // below 0: too large as well
  const bool is_class = label < work.classes;
  const float* const weights = work.lane->weights;
  const float weight = weights == nullptr ? 1.0F : weights[n];
  if (threadIdx.x == 0) {
    const double loss =
        behind_largest + (static_cast<double>(largest.logit) -
                          static_cast<double>(static_cast<float>(row[is_class ? label : 0])));
    work.samples[n] = {.loss = is_class ? static_cast<double>(weight) * loss : NAN,
                       .weight = weight,
                       .correct = largest.index == label ? 1.0F : 0.0F};
  }
  if (work.diff == nullptr) return;
  __syncthreads();  // the logits may be overwritten
  const float factor = is_class ? weight * work.lane->loss_scale : NAN;
  const auto shift = static_cast<float>(static_cast<double>(largest.logit) + behind_largest);
  for (std::size_t c = threadIdx.x; c < work.classes; c += block_threads) {
    const float probability = expf(static_cast<float>(row[c]) - shift);
    work.diff[n * work.classes + c] =
        static_cast<T>(factor * (probability - (c == label ? 1.0F : 0.0F)));
  }
}

/// By the last block: what the others stored went past its first-level cache.
template <class T>
__device__ void add_samples(const LossWork<T>& work) {
  const std::size_t samples = work.batch / work.lanes;
  double loss = 0;
  double correct = 0;
  for (std::size_t lane = 0; lane < work.lanes; ++lane) {
    double sums[3] = {};
    for (std::size_t n = lane * samples + threadIdx.x; n < (lane + 1) * samples;
         n += block_threads) {
      sums[0] += __ldcg(&work.samples[n].loss);
      sums[1] += static_cast<double>(__ldcg(&work.samples[n].weight));
      sums[2] += static_cast<double>(__ldcg(&work.samples[n].correct));
    }
    rondo::cuda::add_up(sums, 1);
    loss += sums[0];
    correct += sums[2];
    if (threadIdx.x == 0) work.weight_sums[lane] = static_cast<float>(sums[1]);
  }
  if (threadIdx.x != 0) return;
  float* const total = work.lane->sums;
  total[0] = static_cast<float>(static_cast<double>(total[0]) + loss);
  total[1] = static_cast<float>(static_cast<double>(total[1]) + correct);
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    measure_loss(const __grid_constant__ LossWork<T> work) {
  for (std::size_t n = blockIdx.x; n < work.batch; n += gridDim.x)
    measure_sample(work, n);
  if (rondo::cuda::is_last_block(work.blocks_done)) add_samples(work);
}

}  // namespace

Loss::Loss(const Device& device) : blocks_done_(device, 1, "the loss") {}

void Loss::reserve(const Device& device, std::size_t samples, std::size_t lanes) {
  if (samples > samples_.size())
    samples_ = DeviceMemory<Sample>(device, samples, "the samples' losses");
  if (lanes > weight_sums_.size())
    weight_sums_ = DeviceMemory<float>(device, lanes, "the sums of lanes' weights");
}

void Loss::measure(DeviceStream& stream, const Tensor& logits, const Lane* lane, std::size_t lanes,
                   const Tensor& diff) {
  dispatch(logits.precision, [&]<class T>(std::type_identity<T>) {
    rondo::cuda::launch<&measure_loss<T>>(stream, "nn::measure_loss", logits.batch,
                                          LossWork<T>{.logits = logits.as<T>(),
                                                      .diff = diff.as<T>(),
                                                      .lane = lane,
                                                      .batch = logits.batch,
                                                      .lanes = lanes,
                                                      .classes = logits.shape.elements(),
                                                      .samples = samples_.span().data(),
                                                      .weight_sums = weight_sums_.span().data(),
                                                      .blocks_done = blocks_done_.span().data()});
  });
}

}  // namespace rondo::nn::cuda
