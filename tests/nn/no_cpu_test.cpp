// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/support.hpp"

namespace rondo::nn {
namespace {

TEST(NoCpuLayers, asking_for_them_names_the_build_option) {
  const NetworkSpec spec = make_model("mlp", {1, 28, 28}, 10);

  try {
    make_network(spec, test::options_for(Backend::cpu));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("RONDO_WITH_ONEDNN"));
  }
}

}  // namespace
}  // namespace rondo::nn
