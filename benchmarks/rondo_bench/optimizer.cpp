// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/optimizer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include <time.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/optim/optimizer.hpp"

#include "rondo_bench/machine.hpp"
#include "rondo_bench/optimizer_limit.hpp"
#include "rondo_bench/optimizer_oracle.hpp"

namespace rondo::bench {
namespace {

constexpr float lr = 1e-3F;

/// One parameter with all that a rule needs.
class ParameterSet {
 public:
  ParameterSet(const optim::Optimizer& rule, const rondo::Shape& shape, bool with_copy,
               unsigned seed)
      : shape_(shape),
        value_(element_count(shape)),
        grad_(value_.size()),
        copy_(with_copy ? value_.size() : 0) {
    for (std::size_t k = 0; k < rule.slot_names().size(); ++k)
      slots_.emplace_back(element_count(rule.slot_shape(k, shape)));
    for (auto& slot : slots_)
      slot_views_.push_back(slot.span());
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::generate_n(value_.data(), value_.size(), [&] { return uniform(random); });
    std::generate_n(grad_.data(), grad_.size(), [&] { return uniform(random); });
  }

  void update(const optim::Optimizer& rule, const optim::StepContext& context) {
    optim::UpdateRange range{.value = value_.span(),
                             .grad = grad_.span(),
                             .slots = slot_views_,
                             .copy = copy_.span(),
                             .shape = &shape_};
    if (rule.scope() == optim::Scope::norms) range.sums = rule.measure(range, context);
    rule.update(range, context);
  }

  /// The loads and stores of the rule's passes.
  void touch_all(std::span<const MemoryPass> passes) {
    for (const MemoryPass& pass : passes)
      touch(pass, streams_of(pass));
  }

  ParameterState state() const {
    ParameterState state{.value = {value_.span().begin(), value_.span().end()},
                         .grad = {grad_.span().begin(), grad_.span().end()},
                         .slots = {}};
    for (const auto& slot : slots_)
      state.slots.emplace_back(slot.span().begin(), slot.span().end());
    return state;
  }
  std::span<const float> values() const { return value_.span(); }
  std::span<const bfloat16> copy() const { return copy_.span(); }
  const rondo::Shape& shape() const { return shape_; }

 private:
  float* memory(Memory which) {
    switch (which) {
      case Memory::value: return value_.data();
      case Memory::grad: return grad_.data();
      case Memory::first_slot: return slots_[0].data();
      case Memory::second_slot: return slots_[1].data();
    }
    return nullptr;
  }

  MemoryStreams streams_of(const MemoryPass& pass) {
    MemoryStreams streams{
        .changed = {},
        .read = {},
        .copy = copy_.empty() ? nullptr : reinterpret_cast<std::uint16_t*>(copy_.data()),
        .count = value_.size()};
    for (std::size_t k = 0; k < pass.changed.size(); ++k)
      streams.changed[k] = memory(pass.changed[k]);
    for (std::size_t k = 0; k < pass.read.size(); ++k)
      streams.read[k] = memory(pass.read[k]);
    return streams;
  }

  rondo::Shape shape_;
  AlignedBuffer<float> value_;
  AlignedBuffer<float> grad_;
  AlignedBuffer<bfloat16> copy_;
  std::vector<AlignedBuffer<float>> slots_;
  std::vector<std::span<float>> slot_views_;
};

/// A step of `set` in double precision beside the one that is measured. Rounding moves a value by
/// a few parts in 2^24 of itself and of its move; Lion's sign may turn where its mean is about 0.
std::size_t wrong_elements(ParameterSet& set, const optim::Optimizer& rule,
                           const optim::StepContext& context) {
  const ParameterState before = set.state();
  const std::vector<double> expected = oracle_step(rule.name(), before, set.shape(), context);
  set.update(rule, context);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double start = before.value[i];
    const double found = set.values()[i];
    const double tolerance = 0x1p-21 * (std::abs(start) + std::abs(expected[i] - start)) + 1e-9;
    const bool may_turn = rule.name() == "lion" && std::abs(before.grad[i]) < 1e-5F;
    if (!(std::abs(found - expected[i]) <= tolerance) && !may_turn) ++wrong;
  }
  // At random, a value may be rounded either way: to less than one bf16 from it.
  for (std::size_t i = 0; i < set.copy().size(); ++i) {
    const float value = set.values()[i];
    const auto copy = static_cast<float>(set.copy()[i]);
    const bool right = context.rounding_seed ? std::abs(copy - value) <= 0x1p-7F * std::abs(value)
                                             : set.copy()[i].bits() == bfloat16(value).bits();
    if (!right) ++wrong;
  }
  return wrong;
}

/// On this thread's own clock, which stands still while another program has the core.
double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Call>
double seconds_of(Call call) {
  const double begin = thread_seconds();
  call();
  return thread_seconds() - begin;
}

/// The sets that take turns: together four times the last-level cache, and two at least.
std::vector<std::unique_ptr<ParameterSet>> make_sets(const optim::Optimizer& rule,
                                                     const OptimizerBenchOptions& options) {
  const rondo::Shape shape{options.rows, options.columns};
  const std::size_t bytes = element_count(shape) * (2 + rule.slot_names().size()) * sizeof(float);
  const std::size_t count = std::max<std::size_t>(2, 4 * last_level_cache_bytes() / bytes + 1);
  std::vector<std::unique_ptr<ParameterSet>> sets;
  for (unsigned seed = 0; seed < count; ++seed)
    sets.push_back(std::make_unique<ParameterSet>(rule, shape, options.copy, seed));
  return sets;
}

}  // namespace

OptimizerFigures measure_optimizer(std::string_view name, const OptimizerBenchOptions& options) {
  require(options.columns % 16 == 0, "rondo-bench optimizer: columns must be a multiple of 16");
  const auto rule = optim::make_optimizer(name, measured_options);
  const std::vector<MemoryPass> passes = passes_of(name);
  const auto sets = make_sets(*rule, options);
  optim::StepContext context{.lr = lr};
  if (options.random_rounding) context.rounding_seed = 1;

  OptimizerFigures figures{.rule = std::string(name),
                           .count = options.rows * options.columns,
                           .bytes_a_parameter = bytes_a_parameter(name, options.copy),
                           .seconds = {},
                           .limit_seconds = {}};
  for (const auto& set : sets)  // also warms up
    figures.wrong += wrong_elements(*set, *rule, context);
  std::vector<double> ours;
  std::vector<double> limit;
  std::size_t turn = 0;
  const auto next_set = [&]() -> ParameterSet& { return *sets[turn++ % sets.size()]; };
  for (std::size_t r = 0; r < options.repeats; ++r) {
    context.step = 2 + turn / sets.size();
    ours.push_back(seconds_of([&] { next_set().update(*rule, context); }));
    limit.push_back(seconds_of([&] { next_set().touch_all(passes); }));
  }
  figures.wrong += wrong_elements(next_set(), *rule, context);

  figures.seconds = summarize(ours);
  figures.limit_seconds = summarize(limit);
  figures.ratio = median_ratio(limit, ours);
  return figures;
}

}  // namespace rondo::bench
