// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/bound_parameter.hpp"

#include <algorithm>

#include "rondo/precision/casts.hpp"

namespace rondo::nn::cpu {

void add_scaled(std::span<float> sum, const float* term, float factor) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += factor * term[i];
}

void add_statistics(std::span<const ParameterView> views, const float* mean, const float* variance,
                    std::size_t samples, double weight) {
  const auto count = static_cast<double>(samples);
  const double correction = samples > 1 ? count / (count - 1) : 1.0;
  add_scaled(views[2].grad, mean, static_cast<float>(weight));
  add_scaled(views[3].grad, variance, static_cast<float>(weight * correction));
}

dnnl::memory wrap(const PlanContext& context, std::span<float> vector) {
  const dnnl::memory::desc desc({static_cast<dnnl::memory::dim>(vector.size())},
                                dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  return {desc, context.engine, vector.data()};
}

namespace {

/// The same layout for elements of bf16.
dnnl::memory::desc as_bfloat16(const dnnl::memory::desc& plain) {
  dnnl::memory::desc desc = plain;
  desc.data.data_type = dnnl_bf16;
  return desc;
}

}  // namespace

PackedParameter::PackedParameter(const PlanContext& context, const ParameterView& view,
                                 const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted)
    : values_(view.value), stream_(context.stream) {
  dnnl::memory source(plain, context.engine, view.value.data());
  if (context.precision == Precision::f16) {
    rounded_ = dnnl::memory(plain, context.engine);
    source = rounded_;
  } else if (wanted.data_type() == dnnl::memory::data_type::bf16 && !view.copy.empty()) {
    // oneDNN's handles are not const, but weights are only read.
    source = {as_bfloat16(plain), context.engine, const_cast<bfloat16*>(view.copy.data())};
  }
  packed_ = source;
  if (source.get_desc() == wanted) return;
  packed_ = dnnl::memory(wanted, context.engine);
  pack_ = make_reorder(source, packed_);
}

void PackedParameter::refresh() {
  if (rounded_) {
    auto* rounded = static_cast<float*>(rounded_.get_data_handle());
    std::copy(values_.begin(), values_.end(), rounded);
    precision::round_through<half>({rounded, values_.size()});
  }
  if (pack_) pack_.run(stream_);
}

GradientSink::GradientSink(const PlanContext& context, std::span<float> gradient,
                           const dnnl::memory::desc& plain, const dnnl::memory::desc& written)
    : gradient_(gradient), stream_(context.stream), written_(written, context.engine) {
  if (plain == written) return;
  dnnl::post_ops sum;
  sum.append_sum(1.0F);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(sum);
  const dnnl::memory bound(plain, context.engine, gradient.data());
  add_reordered_ = Operation(dnnl::reorder(written_, bound, attributes),
                             {{DNNL_ARG_FROM, written_}, {DNNL_ARG_TO, bound}});
}

void GradientSink::add() {
  if (add_reordered_)
    add_reordered_.run(stream_);
  else
    add_scaled(gradient_, static_cast<const float*>(written_.get_data_handle()), 1.0F);
}

}  // namespace rondo::nn::cpu
