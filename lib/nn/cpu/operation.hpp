// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <dnnl.hpp>

#include "rondo/base/error.hpp"

namespace rondo::nn::cpu {

/// A primitive with its arguments, or a kernel of our own, ready to run any number of times without
/// allocating.
///
/// Keeps the memory objects alive; their data handles may change between runs.
class Operation {
 public:
  using Argument = std::pair<int, dnnl::memory>;

  Operation() = default;
  Operation(dnnl::primitive primitive, std::vector<Argument> arguments)
      : primitive_(std::move(primitive)), memories_(std::move(arguments)) {
    for (const auto& [index, memory] : memories_)
      arguments_.push_back({index, memory.get()});
  }

  Operation(std::string name, std::function<void()> kernel)
      : name_(std::move(name)), kernel_(std::move(kernel)) {}

  explicit operator bool() const { return kernel_ || !arguments_.empty(); }

  void run(const dnnl::stream& stream) const {
    if (kernel_) return kernel_();
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(primitive_.get(), stream.get(), static_cast<int>(arguments_.size()),
                               arguments_.data()),
        "oneDNN could not run a primitive");
  }

  /// What oneDNN calls the implementation that it chose, or the kernel's name.
  std::string implementation() const {
    if (kernel_) return name_;
    const char* name = nullptr;
    dnnl::error::wrap_c_api(dnnl_primitive_desc_query(primitive_.get_primitive_desc(),
                                                      dnnl_query_impl_info_str, 0, &name),
                            "oneDNN could not name an implementation");
    return name;
  }

 private:
  std::string name_;
  std::function<void()> kernel_;
  dnnl::primitive primitive_;
  std::vector<Argument> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

/// The descriptor that a binary primitive takes for all its operands, whose own must be equal.
///
/// Equal ones can have different strides, along dimensions of one element: oneDNN 2.6's jit:uni
/// binary then gathers the second operand, its first vector by a mask register that it never set
/// (seen in its generated code).
inline dnnl::memory::desc one_layout(std::initializer_list<dnnl::memory> operands) {
  for (const dnnl::memory& operand : operands)
    require(operand.get_desc() == operands.begin()->get_desc(),
            "operands of a binary primitive must have one layout");
  return operands.begin()->get_desc();
}

/// Converts `from` to the type and layout of `to`.
inline Operation make_reorder(const dnnl::memory& from, const dnnl::memory& to) {
  return {dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}};
}

}  // namespace rondo::nn::cpu
