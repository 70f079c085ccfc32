// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/event_file.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "support/child_process.hpp"
#include "support/file_size_limit.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"
#include "telemetry/event_record.hpp"

namespace rondo::telemetry {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr EventFile::Time at_1500_ms{milliseconds(1500)};
constexpr EventFile::Time year_2026{seconds(1'790'000'000)};

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

/// The data of all records, each of which is whole and has the right sums.
std::vector<std::string> records(const fs::path& file) {
  constexpr std::size_t around = 16;
  const std::string bytes = test::read_file(file);
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < bytes.size();) {
    std::uint64_t length = 0;
    if (bytes.size() - begin >= around) std::memcpy(&length, bytes.data() + begin, sizeof length);
    if (bytes.size() - begin < around + length) {
      ADD_FAILURE() << "a piece of a record at byte " << begin;
      break;
    }
    const std::string data = bytes.substr(begin + 12, length);
    EXPECT_EQ(bytes.substr(begin, around + length), to_record(data)) << "at byte " << begin;
    all.push_back(data);
    begin += around + length;
  }
  return all;
}

TEST(Crc32c, has_the_values_of_rfc_3720) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
}

// As TensorBoard's own RecordWriter and protobuf write them.
TEST(EventRecord, has_the_bytes_of_tensorflow) {
  const Scalar loss{.tag = "train/loss", .value = 0.25};

  EXPECT_EQ(to_record(version_event(at_1500_ms)),
            from_hex("1800000000000000a37f4b22"
                     "09000000000000f83f1a0d627261696e2e4576656e743a32"
                     "2a28646c"));
  EXPECT_EQ(to_record(start_event(at_1500_ms, 1)), from_hex("0f000000000000006d532b09"
                                                            "09000000000000f83f10013a020801"
                                                            "2967c289"));
  EXPECT_EQ(to_record(scalars_event(at_1500_ms, 300, std::span(&loss, 1))),
            from_hex("2100000000000000017becf6"
                     "09000000000000f83f10ac022a130a110a0a747261696e2f6c6f7373150000803e"
                     "6557981f"));
}

TEST(EventFile, begins_with_its_version_and_the_step_from_which_it_counts) {
  const test::TemporaryDirectory directory;
  EventFile events(directory.path() / "a" / "b", 7, at_1500_ms);
  events.write(7, {{"x", 1}, {"y", 2}}, at_1500_ms);

  const Scalar scalars[] = {{"x", 1}, {"y", 2}};
  EXPECT_THAT(records(events.path()),
              ElementsAre(version_event(at_1500_ms), start_event(at_1500_ms, 7),
                          scalars_event(at_1500_ms, 7, scalars)));
}

TEST(EventFile, has_a_name_behind_those_of_earlier_lives_whatever_the_clock_says) {
  const test::TemporaryDirectory directory;
  std::vector<fs::path> lives;
  for (const seconds later : {seconds(0), seconds(0), seconds(-3600), seconds(10)}) {
    const EventFile events(directory.path(), 1, year_2026 + later);
    lives.push_back(events.path());
  }

  EXPECT_TRUE(std::is_sorted(lives.begin(), lives.end(), std::less_equal<>()));
  EXPECT_THAT(lives[0].filename().string(), testing::StartsWith("events.out.tfevents.1790000000."));
  EXPECT_THAT(lives[3].filename().string(), testing::StartsWith("events.out.tfevents.1790000010."));
}

TEST(EventFile, default_constructed_writes_nothing) {
  EventFile events;
  EXPECT_NO_THROW(events.write(1, {{"x", 1}}));
}

TEST(EventFile, names_what_it_cannot_make) {
  const test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "file";
  test::write_file(file, "no directory");

  EXPECT_THAT(test::io_error_of(ExitCode::cannot_create, [&] { EventFile(file, 1); }),
              HasSubstr(file.string()));
  EXPECT_THAT(test::io_error_of(ExitCode::cannot_create, [] { EventFile("/proc/1", 1); }),
              HasSubstr("events.out.tfevents"));
}

TEST(EventFile, keeps_whole_records_when_the_disk_is_full) {
  const test::TemporaryDirectory directory;
  EventFile events(directory.path(), 1);
  events.write(1, {{std::string(500, 'x'), 1}});

  testing::internal::CaptureStderr();
  {
    const test::FileSizeLimit limit(800);
    for (std::uint64_t step = 2; step < 5; ++step)
      events.write(step, {{std::string(500, 'x'), 1}});
  }
  const std::string warnings = testing::internal::GetCapturedStderr();

  EXPECT_THAT(warnings, HasSubstr(events.path().string()));
  EXPECT_EQ(warnings.find("warning"), warnings.rfind("warning"));
  EXPECT_EQ(records(events.path()).size(), 3U);
  events.write(5, {{"x", 1}});
  EXPECT_EQ(records(events.path()).size(), 4U);
}

TEST(EventFile, of_a_killed_process_has_whole_records) {
  const test::TemporaryDirectory directory;
  test::ChildProcess child([&] {
    EventFile events(directory.path(), 1);
    for (std::uint64_t step = 1;; ++step)
      events.write(step, {{"train/loss", 1.0 / static_cast<double>(step)}});
  });
  const auto written = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(directory.path()))
      bytes += entry.file_size();
    return bytes;
  };
  while (written() < 100'000)
    std::this_thread::sleep_for(milliseconds(1));
  child.kill();

  EXPECT_GT(records(fs::directory_iterator(directory.path())->path()).size(), 1000U);
}

}  // namespace
}  // namespace rondo::telemetry
