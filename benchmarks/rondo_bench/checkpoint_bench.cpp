// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/checkpoint_bench.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/output_error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/train/session_saver.hpp"

#include "rondo_bench/page_cache.hpp"

namespace rondo::bench {
namespace {

constexpr std::size_t block_bytes = std::size_t{8} << 20;
[[noreturn]] void fail(const std::filesystem::path& file) {
  throw output_error(fmt::format("{}: cannot be written or read", file.string()), errno);
}

/// How the disk is given what it is to write.
enum class Writing : std::uint8_t {
  at_the_end,  ///< by fsync
  at_once      ///< block by block, into room that is reserved
};

/// What the disk takes for as many bytes, written one after another, until they are safe.
void write_plainly(const std::filesystem::path& file, std::uintmax_t bytes, Writing writing) {
  const std::vector<std::byte> block(block_bytes, std::byte{0x5a});
  const FileDescriptor descriptor(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!descriptor) fail(file);
  const bool at_once = writing == Writing::at_once;
  if (at_once && ::fallocate(descriptor.get(), 0, 0, static_cast<off_t>(bytes)) != 0 &&
      errno != EOPNOTSUPP)
    fail(file);
  for (std::uintmax_t begin = 0; begin < bytes;) {
    const auto count = std::min<std::uintmax_t>(bytes - begin, block.size());
    const ssize_t written = ::write(descriptor.get(), block.data(), count);
    if (written <= 0) fail(file);
    // Where it is unknown, the disk begins later: no reason to stop.
    if (at_once)
      ::sync_file_range(descriptor.get(), static_cast<off_t>(begin), written,
                        SYNC_FILE_RANGE_WRITE);
    begin += static_cast<std::uintmax_t>(written);
  }
  if (::fsync(descriptor.get()) != 0) fail(file);
}

/// How the disk's bytes come to memory.
enum class Reading : std::uint8_t {
  through_cache,
  past_cache  ///< into large pages
};

/// What the disk takes for all of the file, read one block after another.
void read_plainly(const std::filesystem::path& file, Reading reading) {
  constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
  const std::unique_ptr<void, decltype(&std::free)> block(
      std::aligned_alloc(huge_page_bytes, block_bytes), &std::free);
  ::madvise(block.get(), block_bytes, MADV_HUGEPAGE);
  const int past_cache = reading == Reading::past_cache ? O_DIRECT : 0;
  const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | past_cache));
  if (!descriptor && past_cache != 0 && errno == EINVAL)
    return read_plainly(file, Reading::through_cache);
  if (!descriptor) fail(file);
  ssize_t count = 0;
  while ((count = ::read(descriptor.get(), block.get(), block_bytes)) > 0) {
  }
  if (count < 0) fail(file);
}

/// The repeats of a run, on the slowest rank each.
class Measurement {
 public:
  Measurement(comm::Communicator& comm, const CheckpointOptions& options,
              const std::filesystem::path& scratch)
      : comm_(comm),
        scratch_(scratch),
        saving_({.directory = scratch / "training",
                 .retention = {.newest = 1},
                 .writers = options.writers}),
        trainer_(comm, options.trained),
        session_(trainer_.session()),
        new_(session_.counters()),
        foreground_saver_(comm, {.directory = scratch / "foreground",
                                 .retention = {.newest = 1},
                                 .writers = options.writers,
                                 .in_background = false}),
        background_saver_(comm, {.directory = scratch / "background",
                                 .retention = {.newest = 1},
                                 .writers = options.writers}) {}

  void repeat(std::uint64_t step) {
    trainer_.step();
    foreground_.push_back(timed([&] { foreground_saver_.save(session_, step, {}); }));
    bytes_ = size_of_checkpoint(step);
    disk_write_.push_back(
        std::min(disk_seconds(Writing::at_the_end), disk_seconds(Writing::at_once)));
    const telemetry::Stopwatch until_on_disk;
    stall_.push_back(timed([&] { background_saver_.save(session_, step, {}); }));
    background_saver_.finish();
    background_.push_back(until_on_disk.seconds());
    disk_read_.push_back(
        std::min(read_seconds(Reading::through_cache), read_seconds(Reading::past_cache)));
    measure_load(step);
  }

  void measure_slowdown(std::size_t steps, std::size_t repeats) {
    slowdown_ = bench::measure_slowdown(comm_, trainer_, saving_, steps, repeats);
  }

  CheckpointFigures figures() const {
    return {.bytes = bytes_,
            .disk_write = summarize(disk_write_),
            .foreground = summarize(foreground_),
            .stall = summarize(stall_),
            .background = summarize(background_),
            .disk_read = summarize(disk_read_),
            .load = summarize(load_),
            .write_ratio = median_ratio(disk_write_, foreground_),
            .stall_ratio = median_ratio(stall_, foreground_),
            .load_ratio = median_ratio(disk_read_, load_),
            .training = slowdown_,
            .wrong = wrong_};
  }

 private:
  template <class Action>
  double timed(Action action) {
    comm::barrier(comm_);
    const telemetry::Stopwatch stopwatch;
    action();
    double seconds = stopwatch.seconds();
    comm::allreduce(comm_, std::span(&seconds, 1), comm::ReduceOp::max);
    return seconds;
  }

  template <class Action>
  void on_root(Action action) {
    comm::agree_on_success(comm_, [&] {
      if (is_root(comm_)) action();
    });
  }

  double disk_seconds(Writing writing) {
    return timed([&] { on_root([&] { write_plainly(plain(), bytes_, writing); }); });
  }

  double read_seconds(Reading reading) {
    on_root([&] { evict(plain()); });
    return timed([&] { on_root([&] { read_plainly(plain(), reading); }); });
  }

  std::filesystem::path plain() const { return scratch_ / "plain"; }
  std::filesystem::path state(std::uint64_t step) const {
    return scratch_ / "foreground" / fmt::format("step-{:08}", step) / "state.h5";
  }

  std::uintmax_t size_of_checkpoint(std::uint64_t step) {
    auto bytes = static_cast<std::int64_t>(0);
    on_root([&] { bytes = static_cast<std::int64_t>(std::filesystem::file_size(state(step))); });
    comm::broadcast(comm_, std::span(&bytes, 1), 0);
    return static_cast<std::uintmax_t>(bytes);
  }

  void measure_load(std::uint64_t step) {
    const std::uint64_t saved = session_.arena().values_hash();
    std::ranges::fill(session_.arena().values(), 0.0F);
    session_.restore(new_);  // as where a job begins
    on_root([&] { evict(state(step)); });
    std::optional<std::uint64_t> found;
    load_.push_back(
        timed([&] { found = train::resume(comm_, session_, scratch_ / "foreground", {}); }));
    wrong_ += found == step && session_.arena().values_hash() == saved ? 0 : 1;
  }

  comm::Communicator& comm_;
  std::filesystem::path scratch_;
  train::SessionSaver::Options saving_;  ///< behind training
  SyntheticSession trainer_;
  train::Session& session_;
  train::Session::Counters new_;  // of a session without a step
  train::SessionSaver foreground_saver_;
  train::SessionSaver background_saver_;
  std::uintmax_t bytes_ = 0;
  std::vector<double> disk_write_;
  std::vector<double> foreground_;
  std::vector<double> stall_;
  std::vector<double> background_;
  std::vector<double> disk_read_;
  std::vector<double> load_;
  SlowdownFigures slowdown_;
  std::size_t wrong_ = 0;
};

}  // namespace

CheckpointFigures measure_checkpoint(comm::Communicator& comm, const CheckpointOptions& options) {
  std::optional<ScratchDirectory> scratch;  // of rank 0
  comm::agree_on_success(comm, [&] {
    if (is_root(comm)) scratch.emplace(options.directory);
  });
  Measurement measurement(comm, options,
                          comm::text_of_root(comm, scratch ? scratch->path().string() : ""));
  for (std::uint64_t step = 1; step <= options.repeats; ++step)
    measurement.repeat(step);
  if (options.trained.compute_seconds > 0)
    measurement.measure_slowdown(options.steps_between_saves, options.repeats);
  return measurement.figures();
}

}  // namespace rondo::bench
