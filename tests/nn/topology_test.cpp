// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/topology.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/nn/network.hpp"

namespace rondo::nn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_of(const Topology& topology) {
  std::vector<std::string> names;
  for (const ParameterSpec& parameter : topology.parameters)
    names.push_back(parameter.name);
  return names;
}

std::string error_of(const NetworkSpec& spec) {
  try {
    resolve(spec);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Topology, names_parameters_by_layer_kind_and_number) {
  const NetworkSpec spec{"net",
                         {3, 8, 8},
                         10,
                         {Conv2d{.out_channels = 4}, BatchNorm{}, Relu{},
                          Conv2d{.out_channels = 6, .bias = false}, Linear{.out_features = 10}}};

  const Topology topology = resolve(spec);

  EXPECT_THAT(names_of(topology), ElementsAre("conv1.weight", "conv1.bias", "bn1.scale",
                                              "bn1.shift", "bn1.running_mean", "bn1.running_var",
                                              "conv2.weight", "linear1.weight", "linear1.bias"));
  EXPECT_EQ(topology.parameters[0].shape, (Shape{4, 3, 3, 3}));
  EXPECT_EQ(topology.parameters[7].shape, (Shape{10, 6 * 8 * 8}));
  EXPECT_EQ(topology.parameters[1].role, ParameterRole::bias);
  EXPECT_EQ(topology.parameters[2].role, ParameterRole::bias);
  EXPECT_EQ(topology.parameters[4].role, ParameterRole::statistic);
}

TEST(Topology, infers_shapes_rounding_partial_windows_down) {
  const NetworkSpec spec{"net",
                         {1, 9, 7},
                         5,
                         {Conv2d{.out_channels = 2, .kernel = 3, .stride = 2, .padding = 1},
                          MaxPool{.kernel = 2, .stride = 2}, AveragePool{.kernel = 2, .stride = 1},
                          Linear{.out_features = 5}}};

  const auto layers = resolve(spec).layers;

  EXPECT_EQ(layers[0].output, (ImageShape{2, 5, 4}));
  EXPECT_EQ(layers[1].output, (ImageShape{2, 2, 2}));
  EXPECT_EQ(layers[2].output, (ImageShape{2, 1, 1}));
  EXPECT_EQ(layers[3].output, (ImageShape{5, 1, 1}));
}

TEST(Topology, lays_out_a_residual_branch_first_and_joins_it_by_an_add) {
  const NetworkSpec spec{
      "net",
      {2, 8, 8},
      5,
      {Relu{},
       Residual{.branch = {Conv2d{.out_channels = 4, .stride = 2, .bias = false}, BatchNorm{}},
                .shortcut = {Conv2d{
                    .out_channels = 4, .kernel = 1, .stride = 2, .padding = 0, .bias = false}}},
       Residual{.branch = {Relu{}}}, Linear{.out_features = 5}}};

  const Topology topology = resolve(spec);

  std::vector<std::string> names;
  std::vector<std::size_t> sources;
  for (const ResolvedLayer& layer : topology.layers) {
    names.push_back(layer.name);
    sources.push_back(layer.source);
  }
  EXPECT_THAT(names,
              ElementsAre("relu1", "conv1", "bn1", "conv2", "add1", "relu2", "add2", "linear1"));
  EXPECT_THAT(sources, ElementsAre(0U, 1U, 2U, 1U, 3U, 5U, 6U, 7U));
  EXPECT_EQ(topology.layers[4].shortcut, 4U);
  EXPECT_EQ(topology.layers[4].output, (ImageShape{4, 4, 4}));
  EXPECT_EQ(topology.layers[6].shortcut, 5U);
  EXPECT_THAT(topology.readers(), ElementsAre(1U, 2U, 1U, 1U, 1U, 2U, 1U, 1U, 0U));
  EXPECT_THAT(names_of(topology),
              ElementsAre("conv1.weight", "bn1.scale", "bn1.shift", "bn1.running_mean",
                          "bn1.running_var", "conv2.weight", "linear1.weight", "linear1.bias"));
}

TEST(Topology, refuses_a_residual_whose_ends_do_not_meet) {
  const auto with = [](const Residual& residual) {
    return NetworkSpec{"net", {2, 8, 8}, 5, {residual, Linear{.out_features = 5}}};
  };

  EXPECT_THAT(error_of(with({.branch = {Conv2d{.out_channels = 3}}})),
              AllOf(HasSubstr("add1"), HasSubstr("3x8x8"), HasSubstr("shortcut has 2x8x8")));
  EXPECT_THAT(error_of(with({.branch = {}})), HasSubstr("needs layers in its branch"));
}

TEST(Topology, pads_pools_and_pools_whole_planes) {
  const NetworkSpec spec{
      "net", {2, 9, 6}, 2, {MaxPool{.kernel = 3, .stride = 2, .padding = 1}, GlobalAveragePool{}}};

  const auto layers = resolve(spec).layers;

  EXPECT_EQ(layers[0].output, (ImageShape{2, 5, 3}));
  EXPECT_EQ(layers[1].output, (ImageShape{2, 1, 1}));
  EXPECT_THAT(error_of({"net", {2, 9, 6}, 2, {MaxPool{.kernel = 2, .padding = 2}}}),
              AllOf(HasSubstr("maxpool1"), HasSubstr("padding must be below")));
}

TEST(Topology, kernel_beyond_the_input_names_layer_and_shapes) {
  const NetworkSpec spec{
      "net", {1, 4, 4}, 5, {Relu{}, Conv2d{.out_channels = 2, .kernel = 7, .padding = 1}}};

  EXPECT_THAT(error_of(spec),
              AllOf(HasSubstr("layer 1 (conv1)"), HasSubstr("1x4x4"), HasSubstr("7x7 kernel")));
}

TEST(Topology, refuses_impossible_layers) {
  const auto with = [](const Layer& layer) { return NetworkSpec{"net", {1, 4, 4}, 5, {layer}}; };

  EXPECT_THAT(error_of(with(MaxPool{.kernel = 5})), HasSubstr("5x5 kernel"));
  EXPECT_THAT(error_of(with(AveragePool{.stride = 0})), HasSubstr("stride"));
  EXPECT_THAT(error_of(with(Conv2d{.out_channels = 0})), HasSubstr("out_channels"));
  EXPECT_THAT(error_of(with(Conv2d{.out_channels = 1, .padding = 3})), HasSubstr("padding"));
  EXPECT_THAT(error_of(with(Linear{.out_features = 0})), HasSubstr("out_features"));
  EXPECT_THAT(error_of(with(BatchNorm{.epsilon = 0})), HasSubstr("epsilon"));
  EXPECT_THAT(error_of(with(Dropout{1.0F})), HasSubstr("probability must be in [0, 1)"));
  EXPECT_THAT(error_of(with(Dropout{-0.1F})), HasSubstr("probability must be in [0, 1)"));
  EXPECT_THAT(error_of({"net", {1, 4, 4}, 5, {}}), HasSubstr("0 layers"));
  EXPECT_THAT(error_of({"net", {0, 4, 4}, 5, {Relu{}}}), HasSubstr("input 0x4x4"));
}

TEST(Topology, output_other_than_the_classes_is_an_error) {
  const NetworkSpec spec{"net", {1, 4, 4}, 5, {Linear{.out_features = 6}}};

  EXPECT_THAT(error_of(spec), AllOf(HasSubstr("linear1"), HasSubstr("6x1x1"),
                                    HasSubstr("5 classes"), HasSubstr("Linear(5)")));
}

TEST(Models, all_fit_their_input) {
  for (const std::string& name : model_names()) {
    const NetworkSpec spec = make_model(name, {1, 28, 28}, 10);

    EXPECT_EQ(spec.name, name);
    EXPECT_NO_THROW(resolve(spec)) << name;
  }
}

std::size_t trained_elements(const NetworkSpec& spec) {
  std::size_t count = 0;
  for (const ParameterSpec& parameter : resolve(spec).parameters)
    if (parameter.role != ParameterRole::statistic) count += element_count(parameter.shape);
  return count;
}

// As torchvision's documentation gives them for ImageNet.
TEST(Models, resnets_have_the_published_number_of_parameters) {
  EXPECT_EQ(trained_elements(make_model("resnet18", {3, 224, 224}, 1000)), 11'689'512U);
  EXPECT_EQ(trained_elements(make_model("resnet50", {3, 224, 224}, 1000)), 25'557'032U);
}

TEST(Models, resnets_take_images_of_any_size) {
  const auto last_plane = [](const ImageShape& input) {
    const auto layers = resolve(make_model("resnet50", input, 7)).layers;
    return layers[layers.size() - 2].input;
  };

  EXPECT_EQ(last_plane({3, 224, 224}), (ImageShape{2048, 7, 7}));
  EXPECT_EQ(last_plane({3, 65, 64}), (ImageShape{2048, 3, 2}));
  EXPECT_EQ(last_plane({3, 64, 64}), (ImageShape{2048, 8, 8}));
  EXPECT_EQ(last_plane({1, 28, 28}), (ImageShape{2048, 4, 4}));
  EXPECT_EQ(last_plane({5, 1, 300}), (ImageShape{2048, 1, 10}));
}

TEST(Models, resnets_halve_bottlenecks_in_their_3x3_convolution) {
  const auto layers = resolve(make_model("resnet50", {3, 224, 224}, 1000)).layers;
  std::size_t halving = 0;
  for (const ResolvedLayer& layer : layers) {
    const auto* conv = std::get_if<Conv2d>(&layer.layer);
    if (conv != nullptr && conv->kernel == 3 && conv->stride == 2) ++halving;
    if (conv != nullptr && conv->kernel == 1 && conv->stride == 2) {
      EXPECT_EQ(layer.output.channels, 2 * layer.input.channels) << "only on shortcuts";
    }
  }
  EXPECT_EQ(halving, 3U);
}

TEST(Models, have_dropout_before_each_linear_layer_behind_another_one) {
  const auto dropouts_in = [](const std::string& name, float dropout) {
    const auto layers = resolve(make_model(name, {1, 28, 28}, 10, dropout)).layers;
    std::vector<std::string> followers;
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (std::holds_alternative<Dropout>(layers[i].layer)) followers.push_back(layers[i + 1].name);
    return followers;
  };

  EXPECT_THAT(dropouts_in("cnn", 0.2F), ElementsAre("linear1"));
  EXPECT_THAT(dropouts_in("lenet", 0.2F), ElementsAre("linear1", "linear2", "linear3"));
  EXPECT_THAT(dropouts_in("mlp", 0.2F), ElementsAre("linear2", "linear3"));
  EXPECT_THAT(dropouts_in("resnet18", 0.2F), ElementsAre("linear1"));
  EXPECT_THAT(dropouts_in("cnn", 0.0F), ElementsAre());
}

TEST(Models, unknown_name_lists_the_known_ones) {
  try {
    make_model("cnm", {1, 28, 28}, 10);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    for (const std::string& name : model_names())
      EXPECT_THAT(error.what(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace rondo::nn
