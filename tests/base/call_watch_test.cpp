// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/call_watch.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"

#include "base/watched_read.hpp"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

/// The first end that a watch asked for, which is not carried out.
class Ending {
 public:
  CallWatch::Options within(milliseconds limit) {
    return {
        .warning = limit, .limit = limit, .end = [this](ExitCode code, const std::string& what) {
          if (!has_come_.exchange(true)) came_.set_value({code, what});
        }};
  }
  std::pair<ExitCode, std::string> wait() { return came_.get_future().get(); }

 private:
  std::atomic<bool> has_come_{false};
  std::promise<std::pair<ExitCode, std::string>> came_;
};

std::string standard_error_of(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(CallWatch, ends_for_a_call_that_does_not_return) {
  Ending ending;
  const CallWatch watch(ending.within(milliseconds(50)));

  const WatchedCall call(ExitCode::requeue, "look there", [] { return "the call"; });

  const auto [code, what] = ending.wait();
  EXPECT_EQ(code, ExitCode::requeue);
  EXPECT_THAT(what, AllOf(HasSubstr("the call has not come to an end for 0.0"),
                          HasSubstr(" s: look there")));
}

TEST(CallWatch, names_the_file_and_place_of_a_read) {
  const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Ending ending;
  const CallWatch watch(ending.within(milliseconds(50)));

  const WatchedRead read(file.get(), 4096, 100);

  const auto [code, what] = ending.wait();
  EXPECT_EQ(code, ExitCode::io);
  EXPECT_THAT(what, HasSubstr("/dev/null: reading 100 bytes from byte 4096 on has not come"));
}

/// The warning of a later call shows that those before had been heard of, or had not.
TEST(CallWatch, warns_once_for_all_that_hang_at_the_same_time_and_again_later) {
  std::atomic<int> asked{0};
  const auto name = [&](const char* text) {
    return [&asked, text] {
      ++asked;
      return std::string(text);
    };
  };
  const auto wait_for = [&](int count) {
    while (asked < count)
      std::this_thread::yield();
  };

  const std::string said = standard_error_of([&] {
    const CallWatch watch({.warning = milliseconds(20), .limit = std::chrono::minutes(10)});
    {
      const WatchedCall first(ExitCode::io, "", name("the first"));
      const WatchedCall second(ExitCode::io, "", name("the second"));
      wait_for(1);
      std::this_thread::sleep_for(milliseconds(100));  // in which a second one could come
    }
    const WatchedCall third(ExitCode::io, "", name("the third"));
    wait_for(2);
  });

  EXPECT_EQ(count(said, "warning: "), 2U) << said;
  EXPECT_EQ(count(said, "the first has not come to an end for "), 1U) << said;
  EXPECT_EQ(count(said, "the third has not"), 1U) << said;
  EXPECT_THAT(said, HasSubstr("after 600 s it ends this process"));
}

TEST(CallWatch, knows_only_calls_that_began_while_it_was_there) {
  Ending ending;
  const WatchedCall before(ExitCode::io, "", [] { return "before"; });
  const CallWatch watch(ending.within(milliseconds(20)));

  const WatchedCall call(ExitCode::io, "", [] { return "the call"; });

  EXPECT_THAT(ending.wait().second, HasSubstr("the call"));
}

TEST(CallWatch, is_one_at_a_time) {
  const CallWatch watch({});
  EXPECT_THROW(CallWatch({}), UsageError);
}

TEST(CallWatch, leaves_the_process_past_what_may_hang) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        std::atexit([] { std::_Exit(1); });
        const CallWatch watch({.warning = milliseconds(10), .limit = milliseconds(50)});
        const WatchedCall call(ExitCode::io, "look there", [] { return "the call"; });
        for (;;)
          ::pause();
      },
      testing::ExitedWithCode(74), "error: the call has not come to an end");
}

}  // namespace
}  // namespace rondo
