// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/progress.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr Progress::Plan plan{.steps = 800, .steps_per_epoch = 100, .samples_per_step = 421};

/// Two connected descriptors: what is written to one is read from the other.
struct Channel {
  FileDescriptor reader;
  FileDescriptor writer;

  /// A terminal hands over what is written to it a little later.
  std::string read_until(std::string_view end) {
    std::string text;
    std::array<char, 4096> buffer;
    pollfd ready{.fd = reader.get(), .events = POLLIN, .revents = 0};
    while (text.find(end) == std::string::npos && ::poll(&ready, 1, 10'000) > 0) {
      const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  std::string read_all() {
    writer.reset();
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t count = 0; (count = ::read(reader.get(), buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(count));
    return text;
  }
};

Channel make_pipe() {
  std::array<int, 2> ends = {};
  EXPECT_EQ(::pipe(ends.data()), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Channel make_terminal(unsigned short columns) {
  int master = -1;
  int slave = -1;
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
  return {FileDescriptor(master), FileDescriptor(slave)};
}

/// Steps 1 to `last`, ten a second.
void run_steps(Progress& progress, Progress::Clock::time_point start, std::uint64_t last) {
  for (std::uint64_t step = 1; step <= last; ++step)
    progress.update(step, 0.312, 0.887, start + milliseconds(100) * static_cast<int>(step));
}

class ProgressTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"TERM", "NO_COLOR", "COLUMNS", "OMPI_COMM_WORLD_SIZE"})
      ::unsetenv(name);
  }
  Progress::Clock::time_point start_ = Progress::Clock::now();
};

TEST_F(ProgressTest, writes_plain_lines_to_a_pipe) {
  Channel channel = make_pipe();
  {
    Progress progress(plan, inspect_terminal(channel.writer.get()), channel.writer.get(), start_);
    run_steps(progress, start_, 261);
  }
  const std::string text = channel.read_all();

  EXPECT_EQ(text.find_first_of("\r\x1b"), std::string::npos);
  EXPECT_EQ(text,
            "epoch 1/8 100% loss 0.312 acc 0.887 4,210 samples/s ETA 1:10\n"
            "epoch 2/8 100% loss 0.312 acc 0.887 4,210 samples/s ETA 1:00\n");
}

TEST_F(ProgressTest, redraws_one_line_on_a_terminal) {
  Channel channel = make_terminal(100);
  const Terminal terminal = inspect_terminal(channel.writer.get());
  Progress progress(plan, terminal, channel.writer.get(), start_);
  run_steps(progress, start_, 1);
  progress.update(261, 0.312, 0.887, start_ + seconds(26));
  const std::string text = channel.read_until("] 61% loss 0.312 acc 0.887 ");

  EXPECT_TRUE(terminal.interactive);
  EXPECT_EQ(terminal.columns, 100);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_THAT(text, testing::StartsWith("\repoch 1/8 ["));
  EXPECT_THAT(text, HasSubstr("\repoch 3/8 [======================>"));
  EXPECT_THAT(text, HasSubstr("] 61% loss 0.312 acc 0.887 "));
  EXPECT_EQ(text.rfind('\r') % 100, 0U) << "every line fills the terminal but for one column";
}

TEST_F(ProgressTest, redraws_at_most_ten_times_a_second) {
  Channel channel = make_pipe();
  {
    Progress progress(plan, {.interactive = true}, channel.writer.get(), start_);
    for (int step = 1; step <= 400; ++step)
      progress.update(static_cast<std::uint64_t>(step), 1, 0, start_ + milliseconds(5) * step);
  }
  const std::string text = channel.read_all();

  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 20 + 2) << "20 redraws, two in the removal";
}

TEST_F(ProgressTest, never_grows_wider_than_the_terminal) {
  for (const int columns : {5, 20, 60, 70, 80, 200}) {
    Channel channel = make_pipe();
    {
      Progress progress(plan, {.interactive = true, .columns = columns}, channel.writer.get(),
                        start_);
      run_steps(progress, start_, 1);
    }
    const std::string text = channel.read_all();
    EXPECT_EQ(text.find('\r', 1), static_cast<std::size_t>(columns)) << text;
    EXPECT_EQ(text.find('[') != std::string::npos, columns >= 70) << text;
  }
}

TEST_F(ProgressTest, prints_lasting_lines_in_place_of_the_bar) {
  Channel channel = make_pipe();
  {
    Progress progress(plan, {.interactive = true, .columns = 10}, channel.writer.get(), start_);
    run_steps(progress, start_, 1);
    progress.print("saved");
    progress.finish();
    progress.update(2, 0, 0, start_ + seconds(9));
  }

  EXPECT_THAT(channel.read_all(), testing::EndsWith("\r         \rsaved\n"));
}

TEST_F(ProgressTest, default_constructed_shows_nothing) {
  Progress progress;
  progress.update(1, 0, 0);
  progress.print("nothing");
}

TEST_F(ProgressTest, respects_dumb_terminals_no_color_and_columns) {
  const Channel channel = make_terminal(100);
  ::setenv("NO_COLOR", "1", 1);
  ::setenv("COLUMNS", "70", 1);
  const Terminal plain = inspect_terminal(channel.writer.get());
  EXPECT_TRUE(plain.interactive);
  EXPECT_FALSE(plain.color);
  EXPECT_EQ(plain.columns, 70);

  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(inspect_terminal(channel.writer.get()).interactive);
}

TEST_F(ProgressTest, looks_at_mpiruns_stream_under_mpirun) {
  // The parent plays mpirun: its stderr is a terminal, the rank's is a pipe, or the other way
  // round.
  ::setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  const Channel terminal = make_terminal(90);
  const Channel pipe = make_pipe();
  const FileDescriptor before(::dup(STDERR_FILENO));
  const auto seen_by_rank = [](int mpiruns, int ranks) {
    ::dup2(mpiruns, STDERR_FILENO);
    const pid_t rank = ::fork();
    if (rank == 0) {
      ::dup2(ranks, STDERR_FILENO);
      const Terminal seen = inspect_terminal(STDERR_FILENO);
      ::_exit(seen.interactive ? seen.columns : 1);
    }
    int status = 0;
    ::waitpid(rank, &status, 0);
    return WEXITSTATUS(status);
  };

  const int behind_a_terminal = seen_by_rank(terminal.writer.get(), pipe.writer.get());
  const int behind_a_pipe = seen_by_rank(pipe.writer.get(), terminal.writer.get());
  ::dup2(before.get(), STDERR_FILENO);

  EXPECT_EQ(behind_a_terminal, 90);
  EXPECT_EQ(behind_a_pipe, 1);
}

TEST(ClockText, shows_hours_only_when_there_are_some) {
  EXPECT_EQ(clock_text(42.4), "0:42");
  EXPECT_EQ(clock_text(723), "12:03");
  EXPECT_EQ(clock_text(3723), "1:02:03");
}

TEST(WithThousands, groups_digits_by_three) {
  EXPECT_EQ(with_thousands(0.4), "0");
  EXPECT_EQ(with_thousands(421), "421");
  EXPECT_EQ(with_thousands(4210.3), "4,210");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
}

}  // namespace
}  // namespace rondo::telemetry
