// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "apps/train_image_runs.hpp"

namespace rondo::test {

/// Copies of a run with good checkpoints of steps 2 and 4, to be spoilt and then resumed to step 5;
/// "whole" is the run that nothing disturbed.
class CopiedRun : public TrainImage {
 protected:
  static void SetUpTestSuite() {
    TrainImage::SetUpTestSuite();
    const ProgramResult good = train(2, options("good") + " --steps 4 --save-every 2");
    ASSERT_EQ(good.code, 0) << good.err;
    const ProgramResult whole = train(2, options("whole") + " --steps 5");
    ASSERT_EQ(whole.code, 0) << whole.err;
  }

  static std::string options(const std::string& run) {
    return "--lanes 2 --reduce fixed --output " + output(run);
  }
  /// The directory of its checkpoints.
  static std::filesystem::path copy_of_good(const std::string& run) {
    std::filesystem::copy(
        output("good"), output(run),
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
    return std::filesystem::path(output(run)) / "checkpoints";
  }
};

}  // namespace rondo::test
