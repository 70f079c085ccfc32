// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/fit.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"

#include "scaling/least_squares.hpp"

namespace rondo::scaling {
namespace {

using comm::Algorithm;
using comm::Collective;

constexpr Constant all_constants[] = {Constant::reduction_rate,
                                      Constant::node_latency,
                                      Constant::node_bandwidth,
                                      Constant::network_latency,
                                      Constant::network_bandwidth,
                                      Constant::network_overhead,
                                      Constant::skew};

/// What the fit shall find, far from where it starts.
Machine planted_machine() {
  return {.reduction_rate = 5.1e9,
          .node = {.latency = 1.7e-6, .bandwidth = 6.3e9, .overhead = 0.2e-6},
          .network = {.latency = 7.9e-6, .bandwidth = 1.3e9, .overhead = 1.9e-6},
          .skew = 1.3e-6};
}

/// Relative noise, as of a benchmark that repeats: a sum of four uniform numbers.
double noise(std::size_t index, double deviation) {
  double sum = 0;
  for (const std::uint32_t bits : Philox(7, RandomPurpose::noise).block(index))
    sum += static_cast<double>(Philox::uniform(bits)) - 0.5;
  return 1 + deviation * sum * std::sqrt(3.0);
}

/// The cases of a benchmark: short and long calls of several algorithms, between and inside nodes.
std::vector<Measurement> cases(std::span<const int> node_counts, std::size_t most_bytes) {
  std::vector<Measurement> all;
  for (const int count : node_counts) {
    for (const int ranks_per_node : {1, 2}) {
      all.push_back({.nodes = equal_nodes(count * ranks_per_node, ranks_per_node),
                     .call = {.collective = Collective::barrier}});
    }
    all.push_back(
        {.nodes = equal_nodes(count, count), .call = {.collective = Collective::barrier}});
    for (std::size_t bytes = 1024; bytes <= most_bytes; bytes *= 16) {
      for (const Algorithm algorithm :
           {Algorithm::ring, Algorithm::recursive_doubling, Algorithm::direct}) {
        all.push_back({.nodes = equal_nodes(count, 1),
                       .call = {.bytes = bytes, .options = {.algorithm = algorithm}}});
      }
      for (const Collective collective : {Collective::allreduce, Collective::broadcast}) {
        all.push_back({.nodes = equal_nodes(count, count),
                       .call = {.collective = collective, .bytes = bytes}});
      }
      all.push_back({.nodes = equal_nodes(2 * count, 2), .call = {.bytes = bytes}});
    }
  }
  return all;
}

std::vector<Measurement> measured(std::vector<Measurement> all, const Machine& machine,
                                  double deviation) {
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].seconds = simulated_seconds(machine, all[i]) * noise(i, deviation);
  return all;
}

TEST(LeastSquares, finds_a_curve_and_how_sure_it_is) {
  const Residuals residuals = [](std::span<const double> p) {
    std::vector<double> differences;
    for (int i = 0; i < 20; ++i)
      differences.push_back(std::exp(p[0]) * i + p[1] - (3.0 * i + 2 + (i % 2 == 0 ? 0.1 : -0.1)));
    return differences;
  };
  const auto found = least_squares(residuals, {0, 0});
  EXPECT_NEAR(std::exp(found.parameters[0]), 3, 0.01);
  EXPECT_NEAR(found.parameters[1], 2, 0.1);
  EXPECT_NEAR(std::sqrt(found.variance), 0.1, 0.02);
}

TEST(LeastSquares, leaves_alone_what_makes_no_difference) {
  const Residuals residuals = [](std::span<const double> p) {
    return std::vector{p[0] - 1, 2 * (p[0] - 1)};
  };
  const auto found = least_squares(residuals, {5, 7});
  EXPECT_NEAR(found.parameters[0], 1, 1e-4);
  EXPECT_NEAR(found.parameters[1], 7, 1e-4);
}

TEST(Fit, finds_the_constants_of_a_simulated_network_in_noise) {
  const int node_counts[] = {2, 3, 5, 8};
  const Machine planted = planted_machine();
  const auto measurements = measured(cases(node_counts, 1 << 20), planted, 0.01);

  const Fit fit = fit_machine(measurements, {.skew = 1e-6}, all_constants);

  for (const FittedConstant& fitted : fit.constants()) {
    Machine expected = planted;
    const double truth = value_of(expected, fitted.constant);
    EXPECT_NEAR(fitted.value / truth, 1, 0.03) << name_of(fitted.constant);
    EXPECT_LT(fitted.relative_error, 0.03) << name_of(fitted.constant);
    RecordProperty(std::string(name_of(fitted.constant)), std::to_string(fitted.value / truth));
  }
  EXPECT_NEAR(fit.scatter(), 0.01, 0.005);
}

TEST(Fit, predicts_more_ranks_and_bytes_than_it_was_made_of) {
  const int few[] = {2, 4};
  const int many[] = {16};
  const Machine planted = planted_machine();
  const Fit fit =
      fit_machine(measured(cases(few, 1 << 18), planted, 0.02), {.skew = 1e-6}, all_constants);

  for (const Measurement& larger : measured(cases(many, 1 << 20), planted, 0)) {
    const Prediction prediction = fit.predict(larger);
    const double error = std::abs(std::log(prediction.seconds / larger.seconds));
    EXPECT_LT(error, 0.05);
    EXPECT_LT(error, 3 * prediction.relative_error);
  }
}

TEST(Fit, tells_which_constants_the_measurements_do_not_tell) {
  const int node_counts[] = {2, 4};
  auto measurements = measured(cases(node_counts, 1 << 16), planted_machine(), 0.01);
  std::erase_if(measurements,
                [](const Measurement& m) { return m.nodes != equal_nodes(m.nodes.back() + 1, 1); });
  const Constant constants[] = {Constant::network_latency, Constant::node_overhead};

  const Fit fit = fit_machine(measurements, planted_machine(), constants);

  EXPECT_LT(fit.constants()[0].relative_error, 0.1);
  EXPECT_GT(fit.constants()[1].relative_error, 1);
}

TEST(Fit, refuses_what_cannot_be_fitted) {
  const std::vector<Measurement> one{{.nodes = {0, 1}, .seconds = 1}};
  const Constant latency[] = {Constant::network_latency};
  const Constant skew[] = {Constant::skew};
  EXPECT_THROW(fit_machine(one, {}, all_constants), UsageError);
  EXPECT_THROW(fit_machine(one, {}, skew), UsageError);
  EXPECT_THROW(fit_machine(std::vector<Measurement>{{.nodes = {0, 1}}}, {}, latency), UsageError);
}

}  // namespace
}  // namespace rondo::scaling
