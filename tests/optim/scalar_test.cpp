// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The rules on single floats, as the GPU has them, against the CPU's vectors: the same bits.
#include "optim/kernels/scalar.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "optim/parameters.hpp"
#include "support/vector_targets.hpp"

namespace rondo::optim::kernel {
namespace {

constexpr std::size_t count = 4099;
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Magnitudes from subnormal to huge, both signs, zeros, and what is not finite.
std::vector<float> wide_floats(unsigned seed) {
  std::vector<float> values = random_floats(count, seed);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = std::ldexp(values[i], static_cast<int>(i % 61) * 4 - 148);
  values[0] = 0.0F;
  values[1] = -0.0F;
  values[2] = infinity;
  values[3] = -infinity;
  values[4] = std::numeric_limits<float>::quiet_NaN();
  values[5] = std::numeric_limits<float>::denorm_min();
  values[6] = std::numeric_limits<float>::max();
  return values;
}

/// Value, two slots and gradient of a few unlike sizes.
struct Memory {
  std::vector<float> value = wide_floats(1);
  std::vector<float> first = wide_floats(2);
  std::vector<float> second = wide_floats(3);
  std::vector<float> sum = wide_floats(4);

  Memory() {
    for (float& x : second)
      x = std::abs(x);
    std::rotate(first.begin(), first.begin() + 100, first.end());
    std::rotate(second.begin(), second.begin() + 200, second.end());
    std::rotate(sum.begin(), sum.begin() + 301, sum.end());
  }
};

void expect_same_bits(const std::vector<float>& found, const std::vector<float>& expected,
                      const char* what) {
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isnan(expected[i]) && std::isnan(found[i])) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(found[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << what << " of element " << i << ": " << found[i] << ", expected " << expected[i];
  }
}

/// `vectors(memory)` does all of a memory, `one(value, first, second, sum)` one element.
template <class Vectors, class One>
void expect_same(Vectors vectors, One one) {
  Memory singly;
  for (std::size_t i = 0; i < count; ++i)
    one(singly.value[i], singly.first[i], singly.second[i], singly.sum[i]);
  test::for_each_target([&] {
    Memory memory;
    vectors(memory);
    expect_same_bits(singly.value, memory.value, "value");
    expect_same_bits(singly.first, memory.first, "first slot");
    expect_same_bits(singly.second, memory.second, "second slot");
  });
}

Streams<1, 1> one_stream(Memory& m) {
  return {.written = {m.value.data()}, .read = {m.sum.data()}, .count = count};
}
Streams<2, 1> two_streams(Memory& m) {
  return {.written = {m.value.data(), m.first.data()}, .read = {m.sum.data()}, .count = count};
}
Streams<3, 1> three_streams(Memory& m) {
  return {.written = {m.value.data(), m.first.data(), m.second.data()},
          .read = {m.sum.data()},
          .count = count};
}

std::vector<Gradient> gradients() {
  return {Gradient({.grad_scale = 0.37F}), Gradient({.grad_scale = 3.0F, .clip_value = 0.25F})};
}

TEST(ScalarRules, of_sgd_have_the_bits_of_vectors) {
  for (const Gradient& gradient : gradients()) {
    const SgdFactors f{
        .gradient = gradient, .lr = 0.1F, .momentum = 0.9F, .decay = 0.01F, .local_rate = 0.7F};
    expect_same([&](Memory& m) { sgd(one_stream(m), f); },
                [&](float& w, float&, float&, float g) { scalar::sgd_step(w, g, f); });
    expect_same([&](Memory& m) { momentum(two_streams(m), f); },
                [&](float& w, float& v, float&, float g) { scalar::momentum_step(w, v, g, f); });
    expect_same([&](Memory& m) { nesterov(two_streams(m), f); },
                [&](float& w, float& v, float&, float g) { scalar::nesterov_step(w, v, g, f); });
  }
}

TEST(ScalarRules, of_the_adam_kind_have_the_bits_of_vectors) {
  for (const Gradient& gradient : gradients()) {
    const AdamFactors f{.gradient = gradient,
                        .lr = 0.1F,
                        .beta1 = 0.9F,
                        .beta2 = 0.999F,
                        .mean_correction = 2.5F,
                        .square_correction = 17.0F,
                        .epsilon = 1e-8F,
                        .decay = 0.01F};
    expect_same([&](Memory& m) { adam(three_streams(m), f); },
                [&](float& w, float& m, float& v, float g) { scalar::adam_step(w, m, v, g, f); });
    expect_same([&](Memory& m) { adamw(three_streams(m), f); },
                [&](float& w, float& m, float& v, float g) { scalar::adamw_step(w, m, v, g, f); });
    expect_same(
        [&](Memory& m) {
          lamb({.written = {m.value.data()},
                .read = {m.first.data(), m.second.data()},
                .count = count},
               f);
        },
        [&](float& w, float& m, float& v, float) { scalar::lamb_step(w, m, v, f); });
  }
}

TEST(ScalarRules, of_lion_have_the_bits_of_vectors) {
  for (const Gradient& gradient : gradients()) {
    const LionFactors f{
        .gradient = gradient, .lr = 0.1F, .beta1 = 0.9F, .beta2 = 0.99F, .decay = 0.01F};
    expect_same([&](Memory& m) { lion(two_streams(m), f); },
                [&](float& w, float& m, float&, float g) { scalar::lion_step(w, m, g, f); });
  }
}

}  // namespace
}  // namespace rondo::optim::kernel
