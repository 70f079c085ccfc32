// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Against values that make_reference.py got from PyTorch and from the papers' formulas.
#include <cmath>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "optim/parameters.hpp"

namespace rondo::optim {
namespace {

using nlohmann::json;

json read_reference() {
  std::ifstream file(RONDO_OPTIM_REFERENCE);
  return json::parse(file);
}

OptimizerOptions options_of(const json& values) {
  OptimizerOptions options{.momentum = values.value("momentum", 0.0F),
                           .nesterov = values.value("nesterov", false),
                           .weight_decay = values.value("weight_decay", 0.0F),
                           .beta1 = values.value("beta1", 0.9F)};
  if (values.contains("beta2")) options.beta2 = values["beta2"].get<float>();
  if (values.contains("epsilon")) options.epsilon = values["epsilon"].get<float>();
  if (values.contains("trust_coefficient"))
    options.trust_coefficient = values["trust_coefficient"].get<float>();
  return options;
}

/// Each step rounds a value of order 1 and a move of order 0.1 a few times.
double tolerance(unsigned step, double expected) {
  return step * 0x1p-22 * std::max(std::abs(expected), 0.25);
}

void expect_values(const json& reference, const json& test_case) {
  const auto rule =
      make_optimizer(test_case["rule"].get<std::string>(), options_of(test_case["options"]));
  Parameters parameters(*rule, reference["start"].get<std::vector<float>>(),
                        test_case["shape"].get<Shape>());
  for (unsigned step = 1; step <= test_case["values"].size(); ++step) {
    parameters.grads() = reference["gradients"][step - 1].get<std::vector<float>>();
    UpdateRange range = parameters.all();
    range.decays = test_case["decays"].get<bool>();
    take_step(*rule, range, {.step = step, .lr = reference["rates"][step - 1].get<float>()});
    const auto expected = test_case["values"][step - 1].get<std::vector<double>>();
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(parameters.values()[i], expected[i], tolerance(step, expected[i]))
          << test_case["rule"] << " " << test_case["options"] << ", shape " << test_case["shape"]
          << ", step " << step << ", element " << i;
  }
}

TEST(Optimizers, follow_the_values_of_pytorch_and_of_the_papers) {
  const json reference = read_reference();
  std::set<std::string> rules;
  for (const json& test_case : reference["cases"]) {
    expect_values(reference, test_case);
    rules.insert(test_case["rule"].get<std::string>());
  }

  EXPECT_EQ(rules.size(), optimizer_names().size());
}

}  // namespace
}  // namespace rondo::optim
