// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "nn/cuda/loss.hpp"
#include "nn/cuda/tensors.hpp"

namespace rondo::nn::cuda {
namespace {

using rondo::test::OnGpu;
using test::TensorOnGpu;
using Host = reference::Tensor;

struct Measured {
  std::vector<float> sums;
  float weight_sum;
  std::vector<float> diff;
};

/// What becomes of sums that are 3 and 4 before.
Measured measure(const Host& logits, const std::vector<std::int32_t>& labels,
                 const std::vector<float>& weights, float loss_scale) {
  const Device device;
  DeviceStream stream(device);
  TensorOnGpu<float> values(device, stream, logits);
  OnGpu<std::int32_t> label_memory(device, stream, labels);
  OnGpu<float> weight_memory(device, stream, weights);
  OnGpu<float> sums(device, stream, {3, 4});
  Loss loss(device);
  loss.reserve(device, labels.size(), 1);
  OnGpu<Lane> lane(device, stream,
                   {{.labels = label_memory.span().data(),
                     .weights = weight_memory.span().data(),
                     .sums = sums.span().data(),
                     .loss_scale = loss_scale}});

  loss.measure(stream, values.view(), lane.span().data(), 1, values.view());

  std::vector<float> weight_sum(1);
  copy<float>(stream, {loss.weight_sums(), 1}, std::span(weight_sum));
  stream.wait();
  return {sums.read(), weight_sum[0], values.read().values};
}

Host logits_of(std::size_t batch, std::size_t classes, const std::vector<float>& values) {
  Host host(batch, {classes, 1, 1});
  host.values = values;
  return host;
}

void expect_agreement_with_f64(std::size_t classes, std::size_t batch) {
  const Host logits = logits_of(batch, classes, rondo::test::gpu_floats(batch * classes, 1));
  std::vector<std::int32_t> labels(batch);
  std::vector<float> weights(batch);
  double loss = 0;
  double weight_sum = 0;
  float correct = 4;
  std::vector<double> diff(batch * classes);
  for (std::size_t n = 0; n < batch; ++n) {
    labels[n] = static_cast<std::int32_t>(n * 7 % classes);
    weights[n] = 0.25F * static_cast<float>((n + 1) % 4);
    const auto row = std::span(logits.values).subspan(n * classes, classes);
    double sum = 0;
    for (const float logit : row)
      sum += std::exp(double{logit});
    const auto label = static_cast<std::size_t>(labels[n]);
    loss += double{weights[n]} * (std::log(sum) - double{row[label]});
    weight_sum += double{weights[n]};
    correct += std::max_element(row.begin(), row.end()) == row.begin() + labels[n] ? 1.0F : 0.0F;
    for (std::size_t c = 0; c < classes; ++c)
      diff[n * classes + c] =
          8 * double{weights[n]} * (std::exp(double{row[c]}) / sum - (c == label ? 1 : 0));
  }

  const Measured found = measure(logits, labels, weights, 8);

  EXPECT_NEAR(found.sums[0], 3 + loss, 1e-6 * (3 + loss));
  EXPECT_EQ(found.sums[1], correct);
  EXPECT_EQ(found.weight_sum, weight_sum);
  for (std::size_t i = 0; i < diff.size(); ++i)
    ASSERT_NEAR(found.diff[i], diff[i], 1e-5) << "of " << classes << " classes";
}

TEST(DeviceLoss, agrees_with_f64_for_any_number_of_classes_and_samples) {
  for (const auto& [classes, batch] :
       {std::pair<std::size_t, std::size_t>(1, 3), {2, 5}, {10, 1}, {10, 300}, {257, 4}, {1000, 3}})
    expect_agreement_with_f64(classes, batch);
}

TEST(DeviceLoss, takes_the_first_of_equal_logits) {
  const Host logits = logits_of(4, 3, {1, 1, 1, 1, 1, 1, 0, 2, 2, -5, -5, -7});

  EXPECT_EQ(measure(logits, {0, 1, 1, 1}, {}, 1).sums[1], 4 + 2);
}

TEST(DeviceLoss, counts_every_sample_once_without_weights) {
  EXPECT_EQ(measure(logits_of(3, 2, {0, 1, 0, 1, 1, 0}), {1, 0, 0}, {}, 1).weight_sum, 3);
}

TEST(DeviceLoss, stays_finite_for_large_logits) {
  const Measured found = measure(logits_of(1, 3, {1e30F, -1e30F, 5}), {1}, {}, 1);

  EXPECT_EQ(found.sums[0], 2e30F);
  EXPECT_EQ(found.diff, (std::vector<float>{1, -1, 0}));
}

TEST(DeviceLoss, shows_logits_that_are_no_numbers) {
  for (const std::vector<float>& row :
       {std::vector<float>{NAN, 1, 2}, {1, NAN, 2}, {1, INFINITY, 2}, {NAN, NAN, NAN}}) {
    const Measured found = measure(logits_of(1, 3, row), {2}, {}, 1);
    EXPECT_TRUE(std::isnan(found.sums[0]));
    EXPECT_TRUE(std::ranges::any_of(found.diff, [](float x) { return std::isnan(x); }));
  }
}

TEST(DeviceLoss, does_not_read_beyond_a_label_that_is_no_class) {
  for (const std::int32_t label : {-1, 3, 2'000'000'000}) {
    const Measured found = measure(logits_of(2, 3, {1, 2, 3, 4, 5, 6}), {0, label}, {}, 1);
    EXPECT_TRUE(std::isnan(found.sums[0]));
    EXPECT_FALSE(std::isnan(found.diff[0]));
    EXPECT_TRUE(std::isnan(found.diff[3]));
  }
}

}  // namespace
}  // namespace rondo::nn::cuda
