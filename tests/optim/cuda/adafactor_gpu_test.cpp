// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Adafactor's kernels against the CPU's rule, over some steps: the same bits.
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/device_optimizer.hpp"

#include "support/gpu_arrays.hpp"

namespace rondo::optim {
namespace {

using precision::DevicePiece;
using precision::DevicePieces;

constexpr std::size_t factored_slots = 3;
constexpr StatisticUpdate running_average{.momentum = 0.1F, .weight_inverse = 0.25F};

/// Parameters one after another, each at a multiple of `alignment`, cut into pieces as an arena is;
/// each slot of one behind that of the other.
struct FactoredModel {
  std::vector<ParameterSpec> specs;
  std::vector<FactoredParameter> factored;
  std::vector<DevicePiece> pieces;
  std::size_t elements = 0;
  std::array<std::size_t, factored_slots> slot_elements{};

  FactoredModel(const Optimizer& rule, const std::vector<Shape>& shapes, std::size_t alignment) {
    for (std::size_t p = 0; p < shapes.size(); ++p) {
      specs.push_back({.name = std::to_string(p),
                       .shape = shapes[p],
                       .role = static_cast<ParameterRole>(p % 3)});
      elements = (elements + alignment - 1) / alignment * alignment;
      factored.push_back(factored_parameter(rule, specs.back(), elements, slot_elements));
      cut(static_cast<std::uint32_t>(p), elements + element_count(shapes[p]));
      for (std::size_t k = 0; k < factored_slots; ++k)
        slot_elements[k] += slot_length(rule, p, k);
    }
    elements += 16;  // as a trailer, which nobody may touch
  }

  std::size_t slot_length(const Optimizer& rule, std::size_t p, std::size_t k) const {
    if (specs[p].role == ParameterRole::statistic) return 0;
    return element_count(rule.slot_shape(k, specs[p].shape));
  }

 private:
  void cut(std::uint32_t parameter, std::size_t end) {
    while (elements < end) {
      const std::size_t next = std::min(end, (elements / 1024 + 1) * 1024);
      pieces.push_back({.begin = elements,
                        .count = static_cast<std::uint16_t>(next - elements),
                        .role = specs[parameter].role,
                        .parameter = parameter});
      elements = next;
    }
  }
};

/// Values, slots and copy on the CPU.
struct FactoredArena {
  std::vector<float> values;
  std::array<std::vector<float>, factored_slots> slots;
  std::vector<bfloat16> copy;

  FactoredArena(const FactoredModel& model, bool wide)
      : values(test::gpu_floats(model.elements, 1, wide)), copy(model.elements) {
    for (std::size_t k = 0; k < factored_slots; ++k)
      slots[k].resize(model.slot_elements[k]);
  }

  void update(const Optimizer& rule, const FactoredModel& model, const std::vector<float>& grads,
              const StepContext& context) {
    for (std::size_t p = 0; p < model.specs.size(); ++p) {
      const FactoredParameter& place = model.factored[p];
      const auto own = [&](auto& of_all) {
        return std::span(of_all).subspan(place.begin, element_count(model.specs[p].shape));
      };
      if (model.specs[p].role == ParameterRole::statistic) {
        follow(own(values), own(grads));
        continue;
      }
      std::vector<std::span<float>> own_slots;
      for (std::size_t k = 0; k < factored_slots; ++k)
        own_slots.push_back(
            std::span(slots[k]).subspan(place.slots[k], model.slot_length(rule, p, k)));
      rule.update({.value = own(values),
                   .grad = own(grads),
                   .slots = own_slots,
                   .copy = own(copy),
                   .first = place.begin,
                   .shape = &model.specs[p].shape,
                   .decays = model.specs[p].role == ParameterRole::weight},
                  context);
    }
  }

 private:
  static void follow(std::span<float> values, std::span<const float> sums) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = (1.0F - running_average.momentum) * values[i] +
                  running_average.momentum * (sums[i] * running_average.weight_inverse);
  }
};

struct FactoredSetting {
  std::size_t alignment = 16;
  std::size_t offset = 0;  ///< of all memories, behind an aligned address
  bool wide = false;       ///< gradients and values of all magnitudes, infinities and NaN
  std::optional<std::uint64_t> seed = {};
  float clip_value = std::numeric_limits<float>::infinity();
};

struct DeviceAdafactor : testing::Test {
  const Device device;
  DeviceStream stream{device};
  const DeviceOptimizer optimizer{"adafactor", {.weight_decay = 0.01F}};

  void expect_as_on_the_cpu(const std::vector<Shape>& shapes, const FactoredSetting& setting = {}) {
    const FactoredModel model(optimizer.rule(), shapes, setting.alignment);
    const DevicePieces pieces(device, model.pieces);
    DeviceFactors factors(device, pieces, model.factored);
    FactoredArena cpu(model, setting.wide);
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
      cpu.update(optimizer.rule(), model, sums, context);
      optimizer.update(stream, pieces,
                       {.values = values.span(),
                        .grads = grads.span(),
                        .slots = slot_spans,
                        .copy = copied.span(),
                        .factors = &factors},
                       context, running_average);
      stream.wait();
    }
    EXPECT_TRUE(test::same_bits(values.read(), cpu.values, "value"));
    EXPECT_TRUE(test::same_bits(copied.read(), cpu.copy, "copy"));
    for (std::size_t k = 0; k < factored_slots; ++k)
      EXPECT_TRUE(test::same_bits(slots[k].read(), cpu.slots[k], "slot")) << k;
  }
};

/// Vectors and matrices, some of more than one slice or strip; every third is a running average.
std::vector<Shape> odd_shapes() {
  return {{1},     {5},      {17},     {1025},       {3, 5},     {6, 2}, {64, 1024}, {4099},
          {31, 7}, {1, 300}, {300, 1}, {9, 3, 3, 3}, {65, 1025}, {2, 2}, {130, 33}};
}

TEST_F(DeviceAdafactor, has_the_cpus_bits) {
  expect_as_on_the_cpu(odd_shapes());
  expect_as_on_the_cpu(odd_shapes(), {.clip_value = 0.1F});
  expect_as_on_the_cpu(odd_shapes(), {.seed = 0x123456789ABCDEFU});
}

TEST_F(DeviceAdafactor, has_the_cpus_bits_of_all_magnitudes_and_what_is_not_finite) {
  expect_as_on_the_cpu(odd_shapes(), {.wide = true});
}

TEST_F(DeviceAdafactor, has_the_cpus_bits_where_nothing_is_aligned) {
  expect_as_on_the_cpu(odd_shapes(), {.alignment = 1, .seed = 7});
  expect_as_on_the_cpu(odd_shapes(), {.offset = 1});
  expect_as_on_the_cpu(odd_shapes(), {.alignment = 1, .offset = 3});
}

TEST_F(DeviceAdafactor, serves_none_one_and_hundreds_of_parameters) {
  expect_as_on_the_cpu({});
  expect_as_on_the_cpu({{1}});
  expect_as_on_the_cpu({{1, 1}});
  expect_as_on_the_cpu(std::vector<Shape>(200, {9, 7}));
}

TEST_F(DeviceAdafactor, changes_nothing_in_a_step_that_is_not_finite) {
  const FactoredModel model(optimizer.rule(), {{70, 30}, {50}, {40}}, 16);
  const DevicePieces pieces(device, model.pieces);
  DeviceFactors factors(device, pieces, model.factored);
  precision::GradientNorm norm(device, pieces);
  const FactoredArena cpu(model, false);
  test::OnGpu<float> values(device, stream, cpu.values);
  std::vector<test::OnGpu<float>> slots;
  for (const auto& slot : cpu.slots)
    slots.emplace_back(device, stream, slot);
  const std::vector<DeviceSpan<float>> spans{slots[0].span(), slots[1].span(), slots[2].span()};
  std::vector<float> sums = test::gpu_floats(model.elements, 2);
  sums[70] = std::numeric_limits<float>::infinity();
  test::OnGpu<float> grads(device, stream, sums);

  norm.measure(stream, grads.span(), {});
  optimizer.update(
      stream, pieces,
      {.values = values.span(), .grads = grads.span(), .slots = spans, .factors = &factors},
      {.lr = 0.5F}, running_average, norm.verdict());

  EXPECT_TRUE(test::same_bits(values.read(), cpu.values));
  for (std::size_t k = 0; k < factored_slots; ++k)
    EXPECT_TRUE(test::same_bits(slots[k].read(), cpu.slots[k], "slot"));
}

TEST_F(DeviceAdafactor, needs_the_factors_of_the_same_pieces_and_whole_slots) {
  const FactoredModel model(optimizer.rule(), {{70, 30}}, 16);
  const FactoredModel other(optimizer.rule(), {{70, 30}, {5}}, 16);
  const DevicePieces pieces(device, model.pieces);
  const DevicePieces other_pieces(device, other.pieces);
  DeviceFactors factors(device, pieces, model.factored);
  DeviceFactors other_factors(device, other_pieces, other.factored);
  DeviceMemory<float> memory(device, model.elements, "a test");
  DeviceMemory<float> few(device, 29, "a test");
  const std::vector<DeviceSpan<float>> slots(factored_slots, memory.span());
  const std::vector<DeviceSpan<float>> short_slots{memory.span(), few.span(), memory.span()};
  DeviceArena arena{.values = memory.span(), .grads = memory.span(), .slots = slots};

  EXPECT_THROW(DeviceFactors(device, pieces, other.factored), UsageError);
  EXPECT_THROW(optimizer.update(stream, pieces, arena, {}), UsageError);
  arena.factors = &other_factors;
  EXPECT_THROW(optimizer.update(stream, pieces, arena, {}), UsageError);
  arena.factors = &factors;
  EXPECT_NO_THROW(optimizer.update(stream, pieces, arena, {}));
  arena.slots = short_slots;
  EXPECT_THROW(optimizer.update(stream, pieces, arena, {}), UsageError);
}

}  // namespace
}  // namespace rondo::optim
