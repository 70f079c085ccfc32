// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/async_reads.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rondo/base/call_watch.hpp"
#include "rondo/base/file_descriptor.hpp"

#include "checkpoint/file_bytes.hpp"
#include "checkpoint/large_state.hpp"
#include "checkpoint/uncached_bytes.hpp"
#include "support/child_process.hpp"
#include "support/refuse_system_call.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

/// While it is set, no read comes to an end, of either kind.
std::atomic<bool> reads_hang{false};

void wait_while_reads_hang() {
  while (reads_hang)
    std::this_thread::yield();
}

/// What becomes of the reads that end from now on, in place of what the kernel says.
enum class Ending : std::uint8_t { as_it_is, half, broken_device };
Ending ending = Ending::as_it_is;

void change(io_event& event) {
  if (ending == Ending::half) event.res /= 2;
  if (ending == Ending::broken_device) event.res = -EIO;
}

/// Until it goes.
class EveryReadEnds {
 public:
  explicit EveryReadEnds(Ending how) { ending = how; }
  ~EveryReadEnds() { ending = Ending::as_it_is; }
};

}  // namespace
}  // namespace rondo::checkpoint

/// The C library's, through which the program's asynchronous reads go.
extern "C" long syscall(long number, ...) noexcept {
  std::va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments)
    argument = va_arg(list, long);
  va_end(list);
  using Syscall = long(long, ...);
  static auto* const real = reinterpret_cast<Syscall*>(::dlsym(RTLD_NEXT, "syscall"));
  if (number == SYS_io_getevents) rondo::checkpoint::wait_while_reads_hang();
  const long result = real(number, arguments[0], arguments[1], arguments[2], arguments[3],
                           arguments[4], arguments[5]);
  if (number == SYS_io_getevents)
    for (long i = 0; i < result; ++i)
      rondo::checkpoint::change(reinterpret_cast<io_event*>(arguments[3])[i]);
  return result;
}

extern "C" ssize_t pread(int file, void* data, size_t size, off_t offset) {
  rondo::checkpoint::wait_while_reads_hang();
  using Read = ssize_t(int, void*, size_t, off_t);
  static auto* const real = reinterpret_cast<Read*>(::dlsym(RTLD_NEXT, "pread"));
  return real(file, data, size, offset);
}

namespace rondo::checkpoint {
namespace {

constexpr std::size_t page = 4096;

/// What the watch says at the limit of a read that hangs; the read then goes on after all.
std::string said_of_hanging(const std::function<void()>& read) {
  std::string said;
  std::once_flag once;
  const CallWatch watch(
      {.limit = std::chrono::milliseconds(100), .end = [&](ExitCode code, const std::string& what) {
         std::call_once(once, [&] {
           EXPECT_EQ(code, ExitCode::io);
           said = what;
           reads_hang = false;
         });
       }});
  reads_hang = true;
  read();
  return said;
}

/// A file of a few pages, each of its own bytes, and memory for as many.
class AsyncReadsOfAFile : public testing::Test {
 protected:
  AsyncReadsOfAFile() {
    for (std::size_t i = 0; i < content_.size(); ++i)
      content_[i] = static_cast<char>('a' + i / page);
    test::write_file(path_, content_);
    file_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  }
  std::span<std::byte> memory(std::size_t place, std::size_t bytes) {
    return std::as_writable_bytes(std::span(found_)).subspan(place, bytes);
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "file";
  std::string content_ = std::string(5 * page + 100, '\0');
  std::string found_ = std::string(content_.size(), '\0');
  FileDescriptor file_;
};

TEST_F(AsyncReadsOfAFile, bring_its_bytes_in_whatever_order_they_are_waited_for) {
  AsyncReads reads;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto number = reads.start(file_.get(), i * page, memory(i * page, page));
    if (!number) GTEST_SKIP() << "this system has no asynchronous reads";
    numbers.push_back(*number);
  }
  const auto rest = reads.start(file_.get(), 5 * page, memory(5 * page, 100));

  EXPECT_EQ(reads.wait(rest.value()), 100U);
  for (std::size_t i = 5; i-- > 0;)
    EXPECT_EQ(reads.wait(numbers[i]), page);

  EXPECT_EQ(found_, content_);
}

TEST_F(AsyncReadsOfAFile, bring_what_there_is_before_its_end_and_nothing_where_they_fail) {
  AsyncReads reads;
  const auto across = reads.start(file_.get(), 5 * page, memory(0, page));
  if (!across) GTEST_SKIP() << "this system has no asynchronous reads";
  EXPECT_EQ(reads.wait(*across), 100U);

  const auto behind = reads.start(file_.get(), 7 * page, memory(0, page));
  EXPECT_EQ(reads.wait(behind.value()), 0U);

  const EveryReadEnds broken(Ending::broken_device);
  const auto failed = reads.start(file_.get(), 0, memory(0, page));
  EXPECT_EQ(reads.wait(failed.value()), 0U);
}

TEST_F(AsyncReadsOfAFile, are_told_where_they_do_not_end) {
  AsyncReads reads;
  const auto number = reads.start(file_.get(), page, memory(0, page));
  if (!number) GTEST_SKIP() << "this system has no asynchronous reads";

  const std::string said = said_of_hanging([&] { EXPECT_EQ(reads.wait(*number), page); });

  EXPECT_THAT(said, testing::HasSubstr(path_.string() +
                                       ": reading 4096 bytes from byte 4096 on has not come"));
}

TEST_F(AsyncReadsOfAFile, are_told_where_they_do_not_end_as_other_reads_are) {
  const UncachedBytes uncached(path_);
  const FileBytes cached(path_, FileBytes::Access::read);
  const std::string problem = path_.string() + ": reading 100 bytes from byte 5000 on has not come";

  EXPECT_THAT(said_of_hanging([&] { cached.read(5000, memory(0, 100)); }),
              testing::HasSubstr(problem));
  ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
  EXPECT_THAT(said_of_hanging([&] {
                if (!uncached.read(5000, memory(0, 100))) cached.read(5000, memory(0, 100));
              }),
              testing::HasSubstr(problem));
}

TEST_F(AsyncReadsOfAFile, are_refused_when_too_many_are_under_way_until_one_is_over) {
  AsyncReads reads;
  std::vector<std::size_t> numbers;
  while (const auto number = reads.start(file_.get(), 0, memory(0, page))) {
    numbers.push_back(*number);
    ASSERT_LT(numbers.size(), 100'000U);
  }
  if (numbers.empty()) GTEST_SKIP() << "this system has no asynchronous reads";

  EXPECT_EQ(reads.wait(numbers[0]), page);

  EXPECT_EQ(reads.start(file_.get(), 0, memory(0, page)), numbers[0]);
}

TEST_F(AsyncReadsOfAFile, are_none_where_the_system_refuses_one_of_the_calls) {
  for (const std::uint32_t call : {SYS_io_setup, SYS_io_submit, SYS_io_getevents}) {
    test::ChildProcess child([&] {
      if (!test::refuse_system_call(call, EPERM)) ::_exit(1);
      AsyncReads reads;
      for (int i = 0; i < 2; ++i)
        if (reads.start(file_.get(), 0, memory(0, page))) ::_exit(2);
    });
    EXPECT_TRUE(child.succeeds()) << call;
  }
}

/// A checkpoint with a tensor of several blocks, which the system's cache does not have.
class StartedReading : public testing::Test {
 protected:
  StartedReading() : reader_(saved_.directory()) { saved_.evict(); }
  std::unique_ptr<Reading> start(std::size_t first, std::size_t count) {
    return reader_.start(tensor(), first, elements_.span().first(count));
  }
  const TensorEntry& tensor() const { return reader_.contents().tensors[1]; }
  void expect_saved(std::size_t first, std::size_t count) {
    EXPECT_TRUE(std::ranges::equal(elements_.span().first(count),
                                   std::span(saved_.values()).subspan(first, count)));
  }

  static constexpr std::size_t block = 262'144;  // elements
  const LargeState saved_;
  const Reader reader_;
  AlignedBuffer<float> elements_{LargeState::elements};
};

TEST_F(StartedReading, brings_whole_blocks_as_they_were_saved) {
  auto all = start(0, LargeState::elements);
  if (!all) GTEST_SKIP() << "this system has no asynchronous reads past its cache";
  all->finish();
  expect_saved(0, LargeState::elements);

  for (const auto& [first, count] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, block}, {block, block}, {2 * block, LargeState::elements - 2 * block}}) {
    start(first, count)->finish();
    expect_saved(first, count);
  }
}

TEST_F(StartedReading, is_not_of_parts_of_blocks_nor_of_what_the_cache_has) {
  EXPECT_EQ(start(1, block), nullptr);
  EXPECT_EQ(start(0, block + 1), nullptr);

  test::read_file(saved_.file());

  EXPECT_EQ(start(0, block), nullptr);
}

TEST_F(StartedReading, may_be_given_up) {
  start(0, LargeState::elements).reset();
  reader_.read(tensor(), 0, elements_.span());
  expect_saved(0, LargeState::elements);
}

TEST_F(StartedReading, goes_through_the_cache_where_the_disk_fails_it) {
  for (const Ending how : {Ending::half, Ending::broken_device}) {
    saved_.evict();
    const EveryReadEnds so(how);
    const auto reading = start(0, LargeState::elements);
    if (!reading) GTEST_SKIP() << "this system has no asynchronous reads past its cache";
    std::ranges::fill(elements_.span(), 0.0F);

    reading->finish();

    expect_saved(0, LargeState::elements);
  }
}

TEST_F(StartedReading, refuses_what_was_changed) {
  saved_.flip_bit(block * sizeof(float) + 5);
  const auto reading = start(0, LargeState::elements);
  if (!reading) GTEST_SKIP() << "this system has no asynchronous reads past its cache";

  EXPECT_THAT(test::io_error_of(ExitCode::bad_content, [&] { reading->finish(); }),
              testing::HasSubstr("state.h5: b/c: block 1 (bytes "));
}

TEST_F(StartedReading, refuses_what_was_cut_off) {
  std::filesystem::resize_file(saved_.file(), std::filesystem::file_size(saved_.file()) / 2);
  const auto reading = start(0, LargeState::elements);
  if (!reading) GTEST_SKIP() << "this system has no asynchronous reads past its cache";

  EXPECT_THAT(test::io_error_of(ExitCode::bad_content, [&] { reading->finish(); }),
              testing::HasSubstr("ends at byte"));
}

TEST_F(StartedReading, leaves_it_to_read_where_the_system_refuses) {
  test::ChildProcess child([&] {
    if (!test::refuse_system_call(SYS_io_setup, EPERM)) ::_exit(1);
    if (start(0, block)) ::_exit(2);
    reader_.read(tensor(), 0, elements_.span());
    if (!std::ranges::equal(elements_.span(), saved_.values())) ::_exit(3);
  });
  EXPECT_TRUE(child.succeeds());
}

}  // namespace
}  // namespace rondo::checkpoint
