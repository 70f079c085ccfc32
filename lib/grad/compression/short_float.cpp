// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/short_float.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "rondo/base/float16.hpp"

#include "grad/compression/buffer_pool.hpp"
#include "grad/compression/elements.hpp"
#include "grad/compression/exact_sum.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

// As the casts in lib/precision: compiled with -fno-trapping-math, so that the loops vectorise.

namespace rondo::grad {
namespace {

template <class T>
void round_with_feedback(std::span<const float> gradient, std::span<float> residual, float* sent) {
  const float* const from = gradient.data();
  float* const rest = residual.data();
  for (std::size_t i = 0; i < gradient.size(); ++i)
    sent[i] = static_cast<float>(element::round_with_feedback<T>(from[i], rest[i]));
}

template <class T>
void round_sum(std::span<const float> sum, std::span<float> residual, T* sent) {
  float* const rest = residual.data();
  for (std::size_t i = 0; i < sum.size(); ++i)
    sent[i] = element::round_sum<T>(sum[i], rest[i]);
}

template <class T>
constexpr comm::Wire wire_of = std::is_same_v<T, bfloat16> ? comm::Wire::bf16 : comm::Wire::f16;

/// What a sum needs while it travels. What lies behind the last value of `sent` is summed but not
/// used.
template <class T>
struct Buffers {
  BufferPool::Buffer<float> sent;  // one slice for every rank
  BufferPool::Buffer<float> sum;   // of this rank's slice
  BufferPool::Buffer<T> own;       // the same, rounded
  BufferPool::Buffer<T> all;       // every rank's

  Buffers(BufferPool& pool, std::size_t slice, std::size_t ranks)
      : sent(pool, slice * ranks), sum(pool, slice), own(pool, slice), all(pool, slice * ranks) {}
};

template <class T>
class ShortFloatSum final : public PendingSum {
 public:
  ShortFloatSum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
                const Runs& lossy, Residual& residual, BufferPool& pool);

  void advance() override;
  void finish() override;

 private:
  comm::Communicator& comm_;
  std::span<float> gradients_;
  Residual& residual_;
  Runs runs_;
  std::size_t slice_;  // elements that each rank adds up
  Buffers<T> buffers_;
  ExactSum exact_;
  std::unique_ptr<comm::Work> scatter_;
  std::unique_ptr<comm::Work> gather_;
};

template <class T>
ShortFloatSum<T>::ShortFloatSum(comm::Communicator& comm, std::span<float> gradients,
                                ElementRange range, const Runs& lossy, Residual& residual,
                                BufferPool& pool)
    : comm_(comm),
      gradients_(gradients),
      residual_(residual),
      runs_(lossy.within(range)),
      slice_(round_up(runs_.count(), static_cast<std::size_t>(comm.size())) /
             static_cast<std::size_t>(comm.size())),
      buffers_(pool, slice_, static_cast<std::size_t>(comm.size())),
      exact_(comm, gradients, lossy.outside(range), pool) {
  if (slice_ == 0) return;
  runs_.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    round_with_feedback<T>(gradients_.subspan(at, count), residual_.part(at, count),
                           buffers_.sent.data() + position);
  });
  // `direct` alone sends every value just once before it is added in f32: the wire loses nothing.
  scatter_ = comm.reduce_scatter(
      std::as_bytes(buffers_.sent.span()), std::as_writable_bytes(buffers_.sum.span()), DType::f32,
      comm::ReduceOp::sum,
      {.algorithm = comm::Algorithm::direct, .wire = wire_of<T>, .name = "short gradients"});
}

template <class T>
void ShortFloatSum<T>::advance() {
  if (!scatter_) return;
  comm::wait(comm_, *scatter_);
  scatter_.reset();
  const std::size_t first = static_cast<std::size_t>(comm_.rank()) * slice_;
  runs_.visit_part(
      first, first + slice_, [&](std::size_t at, std::size_t position, std::size_t count) {
        round_sum<T>(buffers_.sum.span().subspan(position - first, count),
                     residual_.part(at, count), buffers_.own.data() + (position - first));
      });
  gather_ = comm_.allgather(std::as_bytes(buffers_.own.span()),
                            std::as_writable_bytes(buffers_.all.span()), {.name = "short sums"});
}

template <class T>
void ShortFloatSum<T>::finish() {
  advance();
  exact_.finish();
  if (!gather_) return;
  comm::wait(comm_, *gather_);
  runs_.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    float* const to = gradients_.data() + at;
    const T* const from = buffers_.all.data() + position;
    for (std::size_t i = 0; i < count; ++i)
      to[i] = static_cast<float>(from[i]);
  });
}

template <class T>
class ShortFloat final : public Compressor {
 public:
  explicit ShortFloat(std::span<const PlacedParameter> parameters)
      : lossy_(lossy_runs(parameters)), residual_(lossy_parameters(parameters)) {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    return std::make_unique<ShortFloatSum<T>>(comm, gradients, range, lossy_, residual_, pool_);
  }
  std::vector<StateTensor> state() override { return residual_.state(); }

 private:
  Runs lossy_;
  Residual residual_;
  BufferPool pool_;
};

}  // namespace

template <class T>
std::unique_ptr<Compressor> make_short_float(std::span<const PlacedParameter> parameters) {
  return std::make_unique<ShortFloat<T>>(parameters);
}

template std::unique_ptr<Compressor> make_short_float<bfloat16>(std::span<const PlacedParameter>);
template std::unique_ptr<Compressor> make_short_float<half>(std::span<const PlacedParameter>);

}  // namespace rondo::grad
