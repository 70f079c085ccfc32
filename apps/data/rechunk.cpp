// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/rechunk.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/job/signals.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/say.hpp"
#include "data/commands.hpp"
#include "data/progress_line.hpp"
#include "data/rechunk_job.hpp"

namespace rondo::apps {
namespace {

struct RechunkCommand {
  std::filesystem::path input;
  std::filesystem::path output;
  std::size_t chunk_samples = 0;
  std::optional<int> deflate;
  bool drop_deflate = false;
  std::optional<bool> shuffle;
  std::string fields;
  std::size_t threads = 1;
};

void add_options(Options& options, RechunkCommand& values) {
  options.add_positional("IN", values.input, "the data set to read");
  options.add_positional("OUT", values.output, "the one to make; replaced once complete");
  options.group("Storage");
  options.add("chunk-samples", values.chunk_samples,
              "samples stored together, 0: as many as suit the data set");
  options.add("deflate", values.deflate, "compress, 1 (fast) to 9 (small); default: as it is in IN")
      .between(1, 9);
  options.add("drop-deflate", values.drop_deflate, "do not compress");
  options.add("shuffle", values.shuffle,
              "group bytes of equal significance, which deflate likes; default: as it is in IN");
  options.group("Input");
  options.add("field", values.fields,
              "where a file of another make has its fields: image=/x/{split},label=/y/{split}; OUT "
              "has them where they belong");
  options.group("Execution");
  options.add("threads", values.threads, "of each rank, that read and encode").between(1, 256);
  options.example("rondo-data rechunk --chunk-samples 512 fashion.h5 fashion-512.h5");
  options.example("mpirun -np 8 rondo-data rechunk --deflate 1 images.h5 smaller.h5");
}

data::RechunkOptions storage_of(const RechunkCommand& values) {
  if (values.drop_deflate && values.deflate)
    throw Error(ExitCode::usage, "--deflate and --drop-deflate exclude each other");
  return {
      .field_map = data::parse_field_map(values.fields),
      .chunk_samples = values.chunk_samples,
      .deflate_level = values.drop_deflate ? std::optional(0) : values.deflate,
      .shuffle = values.drop_deflate && !values.shuffle ? std::optional(false) : values.shuffle};
}

void require_other_file(const RechunkCommand& values) {
  std::error_code ignored;
  if (std::filesystem::equivalent(values.input, values.output, ignored))
    throw Error(ExitCode::usage, fmt::format("{}: is IN and OUT: name another file and rename it "
                                             "afterwards",
                                             values.output.string()));
}

std::string filters_text(const data::RechunkedField& field) {
  return fmt::format(
      "{}{}",
      field.deflate_level > 0 ? fmt::format("deflate {}", field.deflate_level) : "not compressed",
      field.shuffle ? ", shuffled" : "");
}

void print(const data::RechunkInput& input, const RechunkReport& report,
           const std::filesystem::path& output, double seconds) {
  say("{:<20}{:>9}  {:>10}  {:>12}  {}\n", "field", "chunks", "chunk of", "stored", "filters");
  std::uint64_t value_bytes = 0, stored_bytes = 0;
  for (std::size_t i = 0; i < input.fields().size(); ++i) {
    const data::RechunkedField& field = input.fields()[i];
    say("{:<20}{:>9}  {:>10}  {:>9.1f} MB  {}\n", field.path, field.chunk_count(), field.chunk_rows,
        static_cast<double>(report.stored_bytes[i]) / 1e6, filters_text(field));
    value_bytes += field.shape.front() * field.row_bytes;
    stored_bytes += report.stored_bytes[i];
  }
  for (const std::string& attributes : report.left_out)
    say("note: {}: not copied\n", attributes);
  say("{}: {:.1f} MB from {:.1f} MB of values, verified, {:.1f} s, {:.0f} MB/s\n", output.string(),
      static_cast<double>(stored_bytes) / 1e6, static_cast<double>(value_bytes) / 1e6, seconds,
      static_cast<double>(value_bytes) / 1e6 / seconds);
}

ExitCode rechunk_files(const RechunkCommand& values, comm::Communicator& communicator) {
  job::install_stop_signals();
  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<data::RechunkInput> input;
  comm::agree_on_success(communicator, [&] {
    const data::RechunkOptions options = storage_of(values);
    require_other_file(values);
    input = std::make_unique<data::RechunkInput>(values.input, options);
  });
  std::optional<ProgressLine> progress;
  if (comm::is_root(communicator)) progress.emplace("rechunking");
  const RechunkReport report = rechunk_on_ranks(communicator, *input, values.output, values.threads,
                                                [&](std::size_t done, std::size_t total) {
                                                  if (progress) progress->update(done, total);
                                                });
  progress.reset();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  if (comm::is_root(communicator)) print(*input, report, values.output, taken.count());
  return ExitCode::ok;
}

}  // namespace

int rechunk(int argc, const char* const* argv) {
  RechunkCommand values;
  Options options("rondo-data rechunk",
                  "Writes a data set anew in other chunks, with the same samples and attributes, "
                  "with checksums, on one rank or on many under mpirun. The result is read back "
                  "before it appears.");
  add_options(options, values);
  return run_mpi(options, argc, argv, [&](comm::Communicator& communicator) {
    return rechunk_files(values, communicator);
  });
}

}  // namespace rondo::apps
