// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::test {

/// Runs `action`, which must throw an IoError of `code`; its message.
template <class Action>
std::string io_error_of(ExitCode code, Action action) {
  try {
    action();
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no IoError was thrown";
  return {};
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

inline void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::size_t entry_count(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

/// Changes one bit of the first occurrence of `bytes` in a file.
inline void damage(const std::filesystem::path& path, const std::string& bytes) {
  std::string content = read_file(path);
  const std::size_t position = content.find(bytes);
  ASSERT_NE(position, std::string::npos);
  content[position] = static_cast<char>(content[position] ^ 1);
  write_file(path, content);
}

}  // namespace rondo::test
