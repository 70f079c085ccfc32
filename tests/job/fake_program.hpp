// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_directory.hpp"

namespace rondo::test {

/// While it lives, a program of that name is found first, and does what the shell script says.
class FakeProgram {
 public:
  FakeProgram(const std::string& name, const std::string& script)
      : path_before_(std::getenv("PATH")) {  // NOLINT(concurrency-mt-unsafe): no threads here
    const auto file = directory_.path() / name;
    std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    ::setenv("PATH", (directory_.path().string() + ":" + path_before_).c_str(), 1);
  }
  FakeProgram(const FakeProgram&) = delete;
  FakeProgram& operator=(const FakeProgram&) = delete;
  ~FakeProgram() { ::setenv("PATH", path_before_.c_str(), 1); }

 private:
  TemporaryDirectory directory_;
  std::string path_before_;
};

}  // namespace rondo::test
