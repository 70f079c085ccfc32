// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/agreed_tuning.hpp"

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::comm {
namespace {

using testing::HasSubstr;

/// RONDO_TUNING names a file of `text`, if that is given, for as long as this lives.
class TuningFile {
 public:
  explicit TuningFile(const char* text) {
    if (text != nullptr) std::ofstream(name()) << text;
    setenv("RONDO_TUNING", name().c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  TuningFile(const TuningFile&) = delete;
  TuningFile& operator=(const TuningFile&) = delete;
  ~TuningFile() { unsetenv("RONDO_TUNING"); }  // NOLINT(concurrency-mt-unsafe)

  std::string name() const { return (directory_.path() / "machine.json").string(); }

 private:
  test::TemporaryDirectory directory_;
};

/// The ConfigErrors of all ranks.
std::multiset<std::string> errors_on(int ranks) {
  std::mutex mutex;
  std::multiset<std::string> errors;
  run_ranks(ranks, [&](Transport& transport) {
    try {
      agreed_tuning(transport, std::chrono::seconds(10));
    } catch (const ConfigError& e) {
      const std::lock_guard lock(mutex);
      errors.insert(e.what());
    }
  });
  return errors;
}

void expect_same_error(const std::string& text) {
  const auto errors = errors_on(5);
  ASSERT_EQ(errors.size(), 5U);
  EXPECT_EQ(errors.count(*errors.begin()), 5U);
  EXPECT_THAT(*errors.begin(), HasSubstr(text));
}

TEST(AgreedTuning, is_what_the_file_says_on_every_rank) {
  const TuningFile file(R"({"format": "rondo-tuning", "version": 1,
                            "transport": {"receives_ahead": 3}})");
  run_ranks(5, [&](Transport& transport) {
    const auto tuning = agreed_tuning(transport, std::chrono::seconds(10));
    ASSERT_NE(tuning, nullptr);
    EXPECT_EQ(tuning->transport.receives_ahead, 3U);
    EXPECT_EQ(tuning->origin, file.name());
  });
}

TEST(AgreedTuning, is_nothing_without_the_variable) {
  run_ranks(3, [](Transport& transport) {
    EXPECT_EQ(agreed_tuning(transport, std::chrono::seconds(10)), nullptr);
  });
}

TEST(AgreedTuning, every_rank_throws_the_same_error) {
  {
    const TuningFile missing(nullptr);
    expect_same_error("machine.json': cannot open it: No such file");
  }
  {
    const TuningFile wrong(R"({"format": "rondo-tuning", "version": 1, "speed": 3})");
    expect_same_error("the unknown key 'speed'");
  }
  {
    const TuningFile empty("");
    expect_same_error("is no JSON");
  }
  {
    const TuningFile endless(std::string((1U << 20) + 1, ' ').c_str());
    expect_same_error("longer than 1048576 bytes");
  }
  setenv("RONDO_TUNING", "/", 1);  // NOLINT(concurrency-mt-unsafe)
  expect_same_error("RONDO_TUNING is '/': cannot read it");
  unsetenv("RONDO_TUNING");  // NOLINT(concurrency-mt-unsafe)
}

TEST(AgreedTuning, serves_communicators_and_their_parts) {
  const TuningFile file(R"({"format": "rondo-tuning", "version": 1, "rules": [
                            {"collective": "broadcast", "algorithm": "tree", "max_bytes": 999}]})");
  run_ranks(2, [&](Communicator& comm) {
    const Call call{.collective = Collective::broadcast};
    EXPECT_THAT(comm.explain(call), HasSubstr("rule 1 of " + file.name()));
    EXPECT_THAT(comm.split(0, 0)->explain(call), HasSubstr("rule 1 of " + file.name()));
  });
}

}  // namespace
}  // namespace rondo::comm
