// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/checkpoint_bench.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/output_error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_saver.hpp"

#include "rondo_bench/page_cache.hpp"

namespace rondo::bench {
namespace {

constexpr std::size_t block_bytes = std::size_t{8} << 20;
constexpr std::size_t tensors = 25;

std::vector<ParameterSpec> make_specs(std::size_t parameters) {
  const std::size_t columns = std::max<std::size_t>(parameters / tensors / 1000, 1);
  std::vector<ParameterSpec> specs;
  for (std::size_t i = 0; i < tensors; ++i)
    specs.push_back({.name = fmt::format("layer{}.weight", i), .shape = {1000, columns}});
  return specs;
}

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw output_error(fmt::format("{}: cannot be written or read", file.string()), errno);
}

/// What the disk takes for as many bytes, written one after another, until they are safe.
void write_plainly(const std::filesystem::path& file, std::uintmax_t bytes) {
  const std::vector<std::byte> block(block_bytes, std::byte{0x5a});
  const FileDescriptor descriptor(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!descriptor) fail(file);
  for (std::uintmax_t left = bytes; left > 0;) {
    const auto count = std::min<std::uintmax_t>(left, block.size());
    const ssize_t written = ::write(descriptor.get(), block.data(), count);
    if (written <= 0) fail(file);
    left -= static_cast<std::uintmax_t>(written);
  }
  if (::fsync(descriptor.get()) != 0) fail(file);
}

void read_plainly(const std::filesystem::path& file) {
  std::vector<std::byte> block(block_bytes);
  const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) fail(file);
  ssize_t count = 0;
  while ((count = ::read(descriptor.get(), block.data(), block.size())) > 0) {
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
        session_(comm, make_specs(options.parameters), optim::make_optimizer(options.optimizer, {}),
                 {.lanes = static_cast<std::size_t>(comm.size()), .sharding = options.sharding}),
        foreground_saver_(comm, {.directory = scratch / "foreground",
                                 .retention = {.newest = 1},
                                 .in_background = false}),
        background_saver_(comm, {.directory = scratch / "background", .retention = {.newest = 1}}) {
    std::ranges::fill(session_.arena().values(), 0.5F);
  }

  void repeat(std::uint64_t step) {
    run_step();
    foreground_.push_back(timed([&] { foreground_saver_.save(session_, step, {}); }));
    bytes_ = size_of_checkpoint(step);
    disk_write_.push_back(timed([&] { on_root([&] { write_plainly(plain(), bytes_); }); }));
    const telemetry::Stopwatch until_on_disk;
    stall_.push_back(timed([&] { background_saver_.save(session_, step, {}); }));
    background_saver_.finish();
    background_.push_back(until_on_disk.seconds());
    on_root([&] { evict(plain()); });
    disk_read_.push_back(timed([&] { on_root([&] { read_plainly(plain()); }); }));
    measure_load(step);
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

  void run_step() {
    session_.begin_lane(session_.lanes().begin, 1);
    for (const ParameterView& view : session_.parameters())
      std::ranges::fill(view.grad, 1.0F);
    for (std::size_t i = session_.parameters().size(); i-- > 0;)
      session_.ready(i);
    session_.end_lane(1, 0);
    session_.step(1e-3F);
    session_.finish_parameters();
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
    on_root([&] { evict(state(step)); });
    std::optional<std::uint64_t> found;
    load_.push_back(
        timed([&] { found = train::resume(comm_, session_, scratch_ / "foreground", {}); }));
    wrong_ += found == step && session_.arena().values_hash() == saved ? 0 : 1;
  }

  comm::Communicator& comm_;
  std::filesystem::path scratch_;
  train::Session session_;
  train::SessionSaver foreground_saver_;
  train::SessionSaver background_saver_;
  std::uintmax_t bytes_ = 0;
  std::vector<double> disk_write_;
  std::vector<double> foreground_;
  std::vector<double> stall_;
  std::vector<double> background_;
  std::vector<double> disk_read_;
  std::vector<double> load_;
  std::size_t wrong_ = 0;
};

}  // namespace

CheckpointFigures measure_checkpoint(comm::Communicator& comm, const CheckpointOptions& options) {
  std::optional<ScratchDirectory> scratch;  // only rank 0 writes and reads there
  comm::agree_on_success(comm, [&] {
    if (is_root(comm)) scratch.emplace(options.directory);
  });
  Measurement measurement(comm, options, scratch ? scratch->path() : options.directory);
  for (std::uint64_t step = 1; step <= options.repeats; ++step)
    measurement.repeat(step);
  return measurement.figures();
}

}  // namespace rondo::bench
