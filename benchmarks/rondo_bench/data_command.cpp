// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench data: reading, decoding and loading a data set.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <initializer_list>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/nn/network_spec.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "rondo_bench/chunk_race.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/loader_bench.hpp"
#include "rondo_bench/page_cache.hpp"
#include "rondo_bench/pictures.hpp"

namespace rondo::bench {
namespace {

constexpr double mebibyte = 1 << 20;
/// Of the compressed sets, and of a repeat of the cold race.
constexpr std::size_t small_bytes = std::size_t{256} << 20;
constexpr int most_ranks = 8;

struct DataCommand {
  std::string part = "all";
  std::filesystem::path file;
  std::string split = "train";
  std::filesystem::path directory = std::filesystem::temp_directory_path();
  std::size_t bytes = std::size_t{4} << 30;
  std::size_t race_bytes = std::size_t{1} << 30;
  std::size_t repeats = 7;
  double milliseconds = 0.5;
  LoaderOptions loader;
  std::filesystem::path json;
};

void declare(apps::Options& options, DataCommand& command) {
  LoaderOptions& loader = command.loader;
  auto models = nn::model_names();
  models.emplace_back("none");
  options.group("What is measured");
  options
      .add("part", command.part,
           "chunks, gzip, ranks, loader, or all of them; write: the generated set into --file")
      .one_of({"all", "chunks", "gzip", "ranks", "loader", "write"});
  options.add("file", command.file, "a data set for the part loader, in place of generated ones");
  options.add("split", command.split, "of that file");
  options.add_bytes("bytes", command.bytes, "of the generated set, u8 pictures").at_least(1 << 20);
  options.add("directory", command.directory, "where generated sets lie, and are removed");
  options.group("Loader");
  options.add("lanes", loader.lanes, "micro-batches a step, all of one rank").at_least(1);
  options.add("batch", loader.micro_batch, "samples of a micro-batch").at_least(1);
  options.add_or_auto("window", loader.window, "chunks whose samples are shuffled together");
  options.add("threads", loader.threads, "that read and convert, also of the chunks").at_least(1);
  options.add("depth", loader.depth, "batches in memory").at_least(1);
  options.add("flip", loader.augmentation.flip, "mirror half of the pictures");
  options.add("shift", loader.augmentation.shift, "move pictures by up to so many pixels");
  options.add("milliseconds", command.milliseconds, "a sample, on the emulated device").at_least(0);
  options.add("model", loader.model, "network of the real passes").one_of(models);
  options.add("model-samples", loader.model_samples, "of a real pass, at most").at_least(1);
  options.group("How");
  options.add_bytes("race-bytes", command.race_bytes, "decoded in a repeat, at most").at_least(1);
  options.add("repeats", command.repeats, "repeats; the median is the figure").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a line");
  options.example("rondo-bench data --bytes 4G --directory /scratch");
  options.example("rondo-bench data --file fashion-mnist.h5 --model cnn --milliseconds 0.1");
}

/// The parts of one run, and whether all that they read was right.
class DataBench {
 public:
  explicit DataBench(const DataCommand& command) : command_(command) {
    if (!command.json.empty())
      log_ = telemetry::StepLog(command.json, telemetry::StepLog::Mode::append);
  }

  /// \throws Error (usage)  --part write without --file, or --file with other parts
  ExitCode run() {
    if (command_.part == "write") return write_file();
    if (!command_.file.empty()) {
      if (!wants("loader"))
        throw Error(ExitCode::usage, "--file: only --part loader and write take it");
      run_loader({.path = command_.file, .split = command_.split});
      return code();
    }
    const ScratchDirectory scratch(command_.directory);
    if (wants("ranks")) run_ranks(scratch.path());
    if (wants("chunks") || wants("loader")) run_large(scratch.path());
    if (wants("gzip")) {
      run_gzip(scratch.path(), DType::u8);
      run_gzip(scratch.path(), DType::f32);
    }
    return code();
  }

 private:
  bool wants(const char* part) const { return command_.part == "all" || command_.part == part; }
  ExitCode code() const { return wrong_ == 0 ? ExitCode::ok : ExitCode::internal; }

  ExitCode write_file() const {
    if (command_.file.empty()) throw Error(ExitCode::usage, "--part write: needs --file");
    PictureOptions pictures;
    pictures.samples = samples_of(command_.bytes, pictures);
    write_pictures(command_.file, pictures);
    return ExitCode::ok;
  }

  static DataFile generate(const std::filesystem::path& directory, const PictureOptions& options) {
    const auto path = directory / "pictures.h5";
    const std::uint64_t hash = write_pictures(path, options);
    return {.path = path, .pictures_hash = hash};
  }

  static std::size_t samples_of(std::size_t bytes, const PictureOptions& options) {
    return std::max<std::size_t>(bytes / options.sample_bytes(), 1);
  }

  void run_large(const std::filesystem::path& directory) {
    PictureOptions pictures;
    pictures.samples = samples_of(command_.bytes, pictures);
    const DataFile file = generate(directory, pictures);
    fmt::print("{} u8 pictures {}x{}x{}, chunks of {}, Fletcher32, {:.0f} MiB\n", pictures.samples,
               pictures.channels, pictures.height, pictures.width, pictures.chunk_samples,
               static_cast<double>(std::filesystem::file_size(file.path)) / mebibyte);
    std::fflush(stdout);
    // First, while the process has little memory.
    if (wants("loader")) run_loader(file);
    if (wants("chunks")) run_chunks(file);
  }

  void run_chunks(const DataFile& file) {
    const std::size_t threads = command_.loader.threads;
    ChunkRaceOptions options{.contenders = {{ChunkWay::direct, threads}, {ChunkWay::raw, threads}},
                             .bytes = command_.race_bytes,
                             .repeats = command_.repeats};
    const std::uint64_t wrong =
        hash_by_chunks(file.path, ChunkWay::direct) == file.pictures_hash ? 0 : 1;
    wrong_ += wrong;
    for (const bool cold : {false, true}) {
      options.cold = cold;
      if (cold) options.bytes = std::min(command_.race_bytes, small_bytes);
      const ChunkRaceFigures figures = race_chunks(file.path, options);
      const double ours = rate(figures, 0), raw = rate(figures, 1);
      fmt::print(
          "chunks, {} ({:.0f} % in the page cache), {} threads: {:.0f} MiB/s, pread {:.0f}, "
          "ours / pread {:.3f} (of CPU time {:.3f}), {} wrong\n",
          cold ? "cold" : "warm", 100 * figures.cached, threads, ours, raw, figures.laps[1].ratio,
          figures.laps[1].cpu_ratio, wrong);
      log_.write({{"benchmark", "data"},
                  {"part", cold ? "chunks-cold" : "chunks-warm"},
                  {"threads", threads},
                  {"bytes", figures.bytes},
                  {"cached", figures.cached},
                  {"mebibytes_per_second", ours},
                  {"pread_mebibytes_per_second", raw},
                  {"pread_ratio", figures.laps[1].ratio},
                  {"pread_cpu_ratio", figures.laps[1].cpu_ratio},
                  {"wrong", wrong}});
    }
  }

  void run_gzip(const std::filesystem::path& directory, DType dtype) {
    PictureOptions pictures{.dtype = dtype, .chunk_samples = 16, .deflate_level = 4};
    pictures.samples = samples_of(std::min(command_.bytes, small_bytes), pictures);
    const DataFile file = generate(directory, pictures);
    std::uint64_t wrong = 0;
    for (const ChunkWay way : {ChunkWay::direct, ChunkWay::library})
      wrong += hash_by_chunks(file.path, way) == file.pictures_hash ? 0 : 1;
    wrong_ += wrong;
    const ChunkRaceFigures figures = race_chunks(
        file.path,
        {.contenders = {{ChunkWay::library, 1}, {ChunkWay::direct, 1}, {ChunkWay::direct, 2}},
         .bytes = command_.race_bytes,
         .repeats = command_.repeats});
    const double stored = static_cast<double>(std::filesystem::file_size(file.path)) /
                          static_cast<double>(pictures.samples * pictures.sample_bytes());
    fmt::print(
        "gzip, {}, stored {:.2f}, warm ({:.0f} %): H5Dread {:.0f} MiB/s, ours {:.0f} on one "
        "thread ({:.2f} x; {:.2f} of CPU time), {:.0f} on two ({:.2f} x), {} wrong\n",
        name_of(dtype), stored, 100 * figures.cached, rate(figures, 0), rate(figures, 1),
        1 / figures.laps[1].ratio, 1 / figures.laps[1].cpu_ratio, rate(figures, 2),
        1 / figures.laps[2].ratio, wrong);
    log_.write({{"benchmark", "data"},
                {"part", "gzip"},
                {"dtype", name_of(dtype)},
                {"stored", stored},
                {"library_mebibytes_per_second", rate(figures, 0)},
                {"one_thread_ratio", 1 / figures.laps[1].ratio},
                {"one_thread_cpu_ratio", 1 / figures.laps[1].cpu_ratio},
                {"two_threads_ratio", 1 / figures.laps[2].ratio},
                {"wrong", wrong}});
  }

  void run_ranks(const std::filesystem::path& directory) {
    PictureOptions pictures{.height = 32, .width = 32};
    pictures.samples = 180 * pictures.chunk_samples + 17;  // few chunks, the last one in part
    const DataFile file = generate(directory, pictures);
    for (const std::size_t lanes : {8, 16}) {
      double worst = 0;
      std::uint64_t wrong = 0;
      fmt::print("ranks 1 to {}, {} lanes, bytes read / bytes of the data set:", most_ranks, lanes);
      for (const RankReads& reads : measure_rank_reads(file, lanes, most_ranks)) {
        worst = std::max(worst, reads.ratio);
        wrong += reads.wrong;
        fmt::print(" {:.3f}", reads.ratio);
      }
      fmt::print(", {} wrong\n", wrong);
      wrong_ += wrong;
      log_.write({{"benchmark", "data"},
                  {"part", "ranks"},
                  {"lanes", lanes},
                  {"worst_bytes_ratio", worst},
                  {"wrong", wrong}});
    }
  }

  void run_loader(const DataFile& file) {
    LoaderOptions options = command_.loader;
    options.seconds_per_sample = command_.milliseconds / 1000;
    const LoaderFigures figures = measure_loader(file, options);
    wrong_ += figures.wrong;
    fmt::print("loader, {} lanes x {}, {} threads, depth {}: {} wrong, bytes read {:.4f}\n",
               options.lanes, options.micro_batch, options.threads, options.depth, figures.wrong,
               figures.bytes_ratio);
    print_pass("alone, warm", figures.alone);
    print_pass(fmt::format("device {} ms a sample, warm", command_.milliseconds), figures.warm);
    print_pass(
        fmt::format("the same, cold ({:.0f} % in the page cache)", 100 * figures.cached_cold),
        figures.cold);
    if (figures.real) print_pass(options.model + " on one thread, warm", *figures.real);
    print_memory(figures);
    write(options, figures);
  }

  static void print_pass(const std::string& name, const LoaderPass& pass) {
    fmt::print(
        "  {:<36} {:>8.0f} samples/s, waits {:.3f} % ({:.3f} % behind the first step, {:.0f} ms)\n",
        name, static_cast<double>(pass.samples) / pass.seconds, 100 * pass.wait_fraction(),
        100 * later_wait(pass), 1000 * pass.start_wait_seconds);
  }

  /// Fraction of a pass that went by waiting, but for the first step's batches.
  static double later_wait(const LoaderPass& pass) {
    return (pass.wait_seconds - pass.start_wait_seconds) / (pass.seconds - pass.start_wait_seconds);
  }

  static void print_memory(const LoaderFigures& figures) {
    const auto mib = [](std::size_t bytes) { return static_cast<double>(bytes) / mebibyte; };
    fmt::print(
        "  queue {:.1f} deep; memory: windows and queue {:.1f} MiB, resident {:.1f} before, "
        "{:.1f} at most{}, {:.1f} more than planned\n",
        figures.queue_depth, mib(figures.planned_bytes), mib(figures.before.now),
        mib(figures.after.peak), figures.has_peak ? "" : " since the program started",
        mib(figures.after.peak) - mib(figures.planned_bytes));
  }

  void write(const LoaderOptions& options, const LoaderFigures& figures) {
    const auto rate_of = [](const LoaderPass& pass) {
      return static_cast<double>(pass.samples) / pass.seconds;
    };
    log_.write({{"benchmark", "data"},
                {"part", "loader"},
                {"lanes", options.lanes},
                {"batch", options.micro_batch},
                {"threads", options.threads},
                {"alone_samples_per_second", rate_of(figures.alone)},
                {"device_milliseconds", command_.milliseconds},
                {"warm_wait", later_wait(figures.warm)},
                {"cold_wait", later_wait(figures.cold)},
                {"cold_samples_per_second", rate_of(figures.cold)},
                {"start_wait_seconds", figures.warm.start_wait_seconds},
                {"model", options.model},
                {"real_wait", figures.real ? later_wait(*figures.real) : 0},
                {"real_samples_per_second", figures.real ? rate_of(*figures.real) : 0},
                {"bytes_ratio", figures.bytes_ratio},
                {"planned_bytes", figures.planned_bytes},
                {"peak_bytes", figures.after.peak},
                {"excess_mebibytes", (static_cast<double>(figures.after.peak) -
                                      static_cast<double>(figures.planned_bytes)) /
                                         mebibyte},
                {"wrong", figures.wrong}});
  }

  /// MiB/s, decoded.
  static double rate(const ChunkRaceFigures& figures, std::size_t contender) {
    return static_cast<double>(figures.bytes) / mebibyte / figures.laps[contender].seconds.median;
  }

  const DataCommand& command_;
  telemetry::StepLog log_;
  std::uint64_t wrong_ = 0;
};

}  // namespace

int data_main(int argc, const char* const* argv) {
  DataCommand command;
  apps::Options options("rondo-bench data",
                        "Reading and decoding chunks, and what a trainer waits for its loader.");
  declare(options, command);
  return apps::run_tool(options, argc, argv, [&] { return DataBench(command).run(); });
}

}  // namespace rondo::bench
