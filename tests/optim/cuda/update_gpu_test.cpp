// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Every rule's kernel against the CPU's, over some steps: the same bits.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/device_optimizer.hpp"
#include "rondo/precision/strided_sum.hpp"

#include "support/gpu_arrays.hpp"
#include "support/large_gpu.hpp"

namespace rondo::optim {
namespace {

using precision::DevicePiece;
using precision::DevicePieces;

/// A parameter of each of these lengths: with decay, without, a running average in turn.
using Lengths = std::vector<std::size_t>;

/// Parameters one after another, each at a multiple of `alignment`, cut into pieces as an arena is.
struct Model {
  std::size_t elements = 0;
  std::vector<DevicePiece> pieces;

  Model(const Lengths& lengths, std::size_t alignment) {
    for (std::size_t p = 0; p < lengths.size(); ++p) {
      elements = (elements + alignment - 1) / alignment * alignment;
      for (std::size_t end = elements + lengths[p]; elements < end;) {
        const std::size_t cut = std::min(end, (elements / 1024 + 1) * 1024);
        pieces.push_back({.begin = elements,
                          .count = static_cast<std::uint16_t>(cut - elements),
                          .role = static_cast<ParameterRole>(p % 3),
                          .parameter = static_cast<std::uint32_t>(p)});
        elements = cut;
      }
    }
    elements += 16;  // as a trailer, which nobody may touch
  }

  std::size_t parameters() const {
    return pieces.empty() ? 0 : std::size_t{pieces.back().parameter} + 1;
  }
};

/// Values, slots and copy on the CPU.
struct Arena {
  std::vector<float> values;
  std::vector<std::vector<float>> slots;
  std::vector<bfloat16> copy;

  Arena(const Model& model, std::size_t slot_count, bool wide)
      : values(test::gpu_floats(model.elements, 1, wide)),
        slots(slot_count, std::vector<float>(model.elements)),
        copy(model.elements) {}
};

/// What the CPU's rule takes of a piece.
struct RangeOfPiece {
  std::vector<std::span<float>> slots;
  UpdateRange range;

  RangeOfPiece(Arena& arena, const std::vector<float>& grads, const DevicePiece& piece) {
    for (auto& slot : arena.slots)
      slots.push_back(std::span(slot).subspan(piece.begin, piece.count));
    range = {.value = std::span(arena.values).subspan(piece.begin, piece.count),
             .grad = std::span(grads).subspan(piece.begin, piece.count),
             .slots = slots,
             .copy = std::span(arena.copy).subspan(piece.begin, piece.count),
             .first = piece.begin,
             .decays = piece.role == ParameterRole::weight};
  }
  RangeOfPiece(const RangeOfPiece&) = delete;
  RangeOfPiece& operator=(const RangeOfPiece&) = delete;
};

void follow(std::span<float> values, std::span<const float> sums, const StatisticUpdate& s) {
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = (1.0F - s.momentum) * values[i] + s.momentum * (sums[i] * s.weight_inverse);
}

/// The sums of every parameter, as a session adds them; none of rules without norms.
std::vector<SquareSums> measure_on_cpu(const Optimizer& rule, const Model& model, Arena& arena,
                                       const std::vector<float>& grads,
                                       const StepContext& context) {
  std::vector<SquareSums> sums(model.parameters());
  if (rule.scope() != Scope::norms) return sums;
  std::vector<std::vector<SquareSums>> pieces(sums.size());
  for (const DevicePiece& piece : model.pieces) {
    if (piece.role == ParameterRole::statistic) continue;
    const RangeOfPiece range(arena, grads, piece);
    pieces[piece.parameter].push_back(rule.measure(range.range, context));
  }
  for (std::size_t p = 0; p < sums.size(); ++p)
    sums[p] = precision::strided_sum(std::span<const SquareSums>(pieces[p]));
  return sums;
}

void update_on_cpu(const Optimizer& rule, const Model& model, Arena& arena,
                   const std::vector<float>& grads, const StepContext& context,
                   const StatisticUpdate& statistic) {
  const std::vector<SquareSums> sums = measure_on_cpu(rule, model, arena, grads, context);
  for (const DevicePiece& piece : model.pieces) {
    RangeOfPiece part(arena, grads, piece);
    if (piece.role == ParameterRole::statistic) {
      follow(part.range.value, part.range.grad, statistic);
      continue;
    }
    part.range.sums = sums[piece.parameter];
    rule.update(part.range, context);
  }
}

struct Case {
  std::string name;
  OptimizerOptions options;
};

std::vector<Case> every_rule() {
  return {{"sgd", {.weight_decay = 0.01F}},
          {"sgd", {.momentum = 0.9F, .weight_decay = 0.01F}},
          {"sgd", {.momentum = 0.9F, .nesterov = true, .weight_decay = 0.01F}},
          {"adam", {.weight_decay = 0.01F}},
          {"adamw", {.weight_decay = 0.01F}},
          {"lion", {.weight_decay = 0.01F}},
          {"lamb", {.weight_decay = 0.01F}},
          {"lars", {.momentum = 0.9F, .weight_decay = 0.01F}}};
}

struct Setting {
  std::size_t offset = 0;  ///< of all memories, behind an aligned address
  bool wide = false;       ///< gradients and values of all magnitudes, infinities and NaN
  std::optional<std::uint64_t> seed = {};
  float clip_value = std::numeric_limits<float>::infinity();
};

void expect_as_on_the_cpu(const Case& rule, const Model& model, const Setting& setting) {
  SCOPED_TRACE(rule.name + ", offset " + std::to_string(setting.offset));
  const Device device;
  DeviceStream stream(device);
  const DeviceOptimizer optimizer(rule.name, rule.options);
  const DevicePieces pieces(device, model.pieces);
  const StatisticUpdate statistic{.momentum = 0.1F, .weight_inverse = 0.25F};
  DeviceNorms norms(device, pieces);
  Arena cpu(model, optimizer.rule().slot_names().size(), setting.wide);
  test::OnGpu<float> values(device, stream, cpu.values, setting.offset);
  test::OnGpu<bfloat16> copied(device, stream, cpu.copy, setting.offset);
  std::vector<test::OnGpu<float>> slots;
  for (const auto& slot : cpu.slots)
    slots.emplace_back(device, stream, slot, setting.offset);
  std::vector<DeviceSpan<float>> slot_spans;
  for (auto& slot : slots)
    slot_spans.push_back(slot.span());

  for (unsigned step = 1; step <= 3; ++step) {
    const std::vector<float> sums = test::gpu_floats(model.elements, 10 + step, setting.wide);
    test::OnGpu<float> grads(device, stream, sums, setting.offset);
    const StepContext context{.step = step,
                              .lr = 0.01F,
                              .grad_scale = 0.37F,
                              .clip_value = setting.clip_value,
                              .rounding_seed = setting.seed};
    update_on_cpu(optimizer.rule(), model, cpu, sums, context, statistic);
    stream.begin_step(step);
    optimizer.update(stream, pieces,
                     {.values = values.span(),
                      .grads = grads.span(),
                      .slots = slot_spans,
                      .copy = copied.span(),
                      .norms = &norms},
                     context, statistic);
    stream.wait();
  }
  EXPECT_TRUE(test::same_bits(values.read(), cpu.values, "value"));
  EXPECT_TRUE(test::same_bits(copied.read(), cpu.copy, "copy"));
  for (std::size_t k = 0; k < slots.size(); ++k)
    EXPECT_TRUE(test::same_bits(slots[k].read(), cpu.slots[k], "slot"));
}

Lengths odd_lengths() {
  return {1, 2, 3, 5, 16, 17, 1000, 1023, 1024, 1025, 4099, 65'537, 31, 100'003};
}

TEST(DeviceUpdate, has_the_cpus_bits) {
  const Model model(odd_lengths(), 16);
  for (const Case& rule : every_rule()) {
    expect_as_on_the_cpu(rule, model, {});
    expect_as_on_the_cpu(rule, model, {.clip_value = 0.1F});
    expect_as_on_the_cpu(rule, model, {.seed = 0x123456789ABCDEFU});
  }
}

TEST(DeviceUpdate, has_the_cpus_bits_of_all_magnitudes_and_what_is_not_finite) {
  const Model model(odd_lengths(), 16);
  for (const Case& rule : every_rule())
    expect_as_on_the_cpu(rule, model, {.wide = true});
}

TEST(DeviceUpdate, has_the_cpus_bits_where_nothing_is_aligned) {
  const Model packed(odd_lengths(), 1);
  const Model model(odd_lengths(), 16);
  for (const Case& rule : every_rule()) {
    expect_as_on_the_cpu(rule, packed, {.seed = 7});
    expect_as_on_the_cpu(rule, model, {.offset = 1});
    expect_as_on_the_cpu(rule, packed, {.offset = 3});
  }
}

TEST(DeviceUpdate, serves_none_one_and_thousands_of_parameters) {
  for (const Case& rule : every_rule()) {
    expect_as_on_the_cpu(rule, Model({}, 16), {});
    expect_as_on_the_cpu(rule, Model({1}, 16), {});
    // With norms a block of threads takes each, which is slow where threads are emulated.
    const bool has_norms = rule.name == "lamb" || rule.name == "lars";
    expect_as_on_the_cpu(rule, Model(Lengths(has_norms ? 100 : 2000, 777), 16), {});
    expect_as_on_the_cpu(rule, Model({test::several_grids(Device())}, 16), {});
  }
}

TEST(DeviceUpdate, has_the_cpus_bits_behind_more_elements_than_31_bits_count) {
  const Device device;
  DeviceStream stream(device);
  const DeviceOptimizer optimizer("adamw", {.weight_decay = 0.01F});
  const test::Windows windows(test::large_count(device, 19));
  const Model model({windows.count() - 16}, 1);
  Arena cpu(Model({windows.elements() - 16}, 1), 2, false);
  const std::vector<float> grads = test::gpu_floats(windows.elements(), 2);
  const StepContext context{.step = 1, .lr = 0.01F, .grad_scale = 0.37F};
  DeviceMemory<float> values(device, windows.count(), "a test's values");
  DeviceMemory<float> sums(device, windows.count(), "a test's gradients");
  DeviceMemory<float> first(device, windows.count(), "a test's slot");
  DeviceMemory<float> second(device, windows.count(), "a test's slot");
  DeviceMemory<bfloat16> copied(device, windows.count(), "a test's copy");
  windows.write(stream, cpu.values, values.span());
  windows.write(stream, grads, sums.span());
  const RangeOfPiece all(cpu, grads,
                         {.count = static_cast<std::uint16_t>(windows.elements() - 16)});
  optimizer.rule().update(all.range, context);

  const DevicePieces pieces(device, model.pieces);
  const std::vector<DeviceSpan<float>> slots{first.span(), second.span()};
  optimizer.update(
      stream, pieces,
      {.values = values.span(), .grads = sums.span(), .slots = slots, .copy = copied.span()},
      context);
  EXPECT_TRUE(test::same_bits(windows.read(stream, values.span()), cpu.values, "value"));
  EXPECT_TRUE(test::same_bits(windows.read(stream, copied.span()), cpu.copy, "copy"));
  EXPECT_TRUE(test::same_bits(windows.read(stream, first.span()), cpu.slots[0], "slot"));
  EXPECT_TRUE(test::same_bits(windows.read(stream, second.span()), cpu.slots[1], "slot"));
}

/// Every other piece belongs to another rank; the slots of the rest lie one behind another.
Model without_every_other(Model model) {
  std::uint64_t held = 0;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    DevicePiece& piece = model.pieces[i];
    if (i % 2 == 1) piece.count = 0;
    piece.held = held;
    held += (piece.count + 3U) / 4 * 4;
  }
  return model;
}

TEST(DeviceUpdate, takes_the_slots_of_held_pieces_where_they_lie) {
  const Model model = without_every_other(Model(odd_lengths(), 16));
  const Device device;
  DeviceStream stream(device);
  const DeviceOptimizer optimizer("adamw", {.weight_decay = 0.01F});
  const DevicePieces pieces(device, model.pieces);
  Arena cpu(model, 2, false);
  test::OnGpu<float> values(device, stream, cpu.values);
  test::OnGpu<float> first(device, stream, std::vector<float>(pieces.held_elements()));
  test::OnGpu<float> second(device, stream, std::vector<float>(pieces.held_elements()));
  const std::vector<DeviceSpan<float>> slots{first.span(), second.span()};
  const std::vector<float> sums = test::gpu_floats(model.elements, 10);
  test::OnGpu<float> grads(device, stream, sums);
  ASSERT_LT(pieces.held_elements(), model.elements * 2 / 3);

  update_on_cpu(optimizer.rule(), model, cpu, sums, {.lr = 0.01F}, {});
  optimizer.update(stream, pieces, {.values = values.span(), .grads = grads.span(), .slots = slots},
                   {.lr = 0.01F});

  EXPECT_TRUE(test::same_bits(values.read(), cpu.values, "value"));
  const std::vector<float> found = second.read();
  for (const DevicePiece& piece : model.pieces)
    for (std::size_t i = 0; i < piece.count; ++i)
      ASSERT_EQ(found[piece.held + i], cpu.slots[1][piece.begin + i]) << "element " << i;
}

/// One parameter of 5000 elements, its update after the norm.
struct Verdicts : testing::Test {
  const Model model{{5000}, 16};
  const Device device;
  DeviceStream stream{device};
  const DevicePieces pieces{device, model.pieces};
  const DeviceOptimizer optimizer{"sgd", {}};
  precision::GradientNorm norm{device, pieces};

  std::vector<float> updated(const std::vector<float>& before, const std::vector<float>& sums,
                             const precision::Unscaling& unscaling) {
    test::OnGpu<float> values(device, stream, before);
    test::OnGpu<float> grads(device, stream, sums);
    norm.measure(stream, grads.span(), unscaling);
    optimizer.update(stream, pieces, {.values = values.span(), .grads = grads.span()},
                     {.lr = 0.5F, .grad_scale = 1000.0F}, {}, norm.verdict());
    return values.read();
  }
};

TEST_F(Verdicts, scale_the_gradient_without_the_cpu) {
  const std::vector<float> before = test::gpu_floats(model.elements, 1);
  std::vector<float> sums(model.elements);
  std::fill_n(sums.begin(), 5000, 2.0F);
  std::vector<float> expected = before;
  // The norm is 2 sqrt(5000) / 4, which is clipped to a half of that.
  for (std::size_t i = 0; i < 5000; ++i)
    expected[i] = before[i] - 0.5F * (2.0F * 0.125F);

  const double norm_before = 2 * std::sqrt(5000.0) / 4;
  const auto found = updated(before, sums, {.divisor = 4, .clip_norm = norm_before / 2});

  EXPECT_TRUE(test::same_bits(found, expected));
}

TEST(DeviceUpdate, under_norms_needs_their_memory) {
  const Model model({5000}, 16);
  const Model other({5000, 1}, 16);
  const Device device;
  DeviceStream stream(device);
  const DevicePieces pieces(device, model.pieces);
  const DevicePieces other_pieces(device, other.pieces);
  DeviceNorms other_norms(device, other_pieces);
  DeviceMemory<float> memory(device, model.elements, "a test");
  const std::vector<DeviceSpan<float>> slots(2, memory.span());
  const DeviceOptimizer lamb("lamb", {});
  DeviceArena arena{.values = memory.span(), .grads = memory.span(), .slots = slots};

  EXPECT_THROW(lamb.update(stream, pieces, arena, {}), UsageError);
  arena.norms = &other_norms;
  EXPECT_THROW(lamb.update(stream, pieces, arena, {}), UsageError);
}

TEST_F(Verdicts, keep_a_step_that_is_not_finite_from_changing_anything) {
  const std::vector<float> before = test::gpu_floats(model.elements, 1);
  std::vector<float> sums = test::gpu_floats(model.elements, 2);
  sums[4999] = std::numeric_limits<float>::infinity();

  EXPECT_TRUE(test::same_bits(updated(before, sums, {}), before));
}

}  // namespace
}  // namespace rondo::optim
