// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// A thousand random flips and truncations of good files, and every truncation of small ones: each
// must be read or refused, soon and without much memory. Children do the reading, so that a crash
// is a failure with a number and not the end of the test.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rondo/base/error.hpp"

#include "fuzz/target.hpp"

namespace rondo::fuzz {
namespace {

constexpr int damages = 1000;
constexpr int in_one_child = 50;
/// What the program, the seeds and the reader may allocate together.
constexpr rlim_t most_memory = rlim_t{400} << 20;
constexpr unsigned most_seconds = 20;

/// Flips one to eight bits, or cuts, or does both.
std::string damaged(std::string bytes, unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  if (below(4) == 0) bytes.resize(below(bytes.size()));
  if (bytes.empty() || below(8) == 0) return bytes;
  // The beginning of a file says how to read the rest: half the flips hit it.
  const std::size_t range =
      below(2) == 0 ? std::min<std::size_t>(bytes.size(), 2048) : bytes.size();
  for (std::size_t flips = 1 + below(8); flips > 0; --flips)
    bytes[below(range)] ^= static_cast<char>(1 << below(8));
  return bytes;
}

/// Runs `work` in a child with little memory and time; true if it returned.
bool survives(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(most_seconds);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit memory{most_memory, most_memory};
    ::setrlimit(RLIMIT_DATA, &memory);
#endif
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "threw %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Damage, good_files_are_read) {
  for (const std::string& seed : seeds())
    EXPECT_TRUE(survives([&] { require(consume(seed), "a good file is refused"); }))
        << "a seed of " << seed.size() << " bytes";
}

TEST(Damage, of_any_bits_is_survived) {
  const std::vector<std::string> good = seeds();
  const auto one = [&](int number) {
    const auto index = static_cast<std::size_t>(number);
    consume(damaged(good[index % good.size()], static_cast<unsigned>(number)));
  };
  for (int first = 0; first < damages; first += in_one_child) {
    const bool is_fine = survives([&] {
      for (int i = first; i < first + in_one_child; ++i)
        one(i);
    });
    if (is_fine) continue;
    for (int i = first; i < first + in_one_child; ++i)
      EXPECT_TRUE(survives([&] { one(i); })) << "damage number " << i;
  }
}

TEST(Damage, by_truncation_at_any_byte_is_survived) {
  for (const std::string& seed : seeds()) {
    // Each of the first bytes, and then steps that are no power of two.
    EXPECT_TRUE(survives([&] {
      for (std::size_t size = 0; size < seed.size(); size += size < 1024 ? 1 : 37)
        consume(std::string_view(seed).substr(0, size));
    })) << "a seed of "
        << seed.size() << " bytes";
  }
}

}  // namespace
}  // namespace rondo::fuzz
