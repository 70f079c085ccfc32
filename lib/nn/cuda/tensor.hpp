// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/base/float16.hpp"
#include "rondo/nn/network_spec.hpp"
#include "rondo/precision/policy.hpp"

namespace rondo::nn::cuda {

/// Activations of a batch in a GPU's memory, or their gradients: (N, H, W, C), row-major, at a
/// multiple of 16 bytes.
struct Tensor {
  void* data = nullptr;
  Precision precision = Precision::f32;
  std::size_t batch = 0;
  ImageShape shape;

  std::size_t pixels() const { return batch * shape.height * shape.width; }
  std::size_t elements() const { return batch * shape.elements(); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

/// Calls f with the std::type_identity of the type that `precision` stores.
template <class F>
decltype(auto) dispatch(Precision precision, F&& f) {
  switch (precision) {
    case Precision::f32: return std::forward<F>(f)(std::type_identity<float>{});
    case Precision::bf16: return std::forward<F>(f)(std::type_identity<bfloat16>{});
    case Precision::f16: return std::forward<F>(f)(std::type_identity<half>{});
  }
  throw UsageError("precision out of range");
}

inline std::size_t bytes_of(Precision precision) {
  return dispatch(precision, []<class T>(std::type_identity<T>) { return sizeof(T); });
}

}  // namespace rondo::nn::cuda
