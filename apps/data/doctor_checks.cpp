// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/doctor_checks.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <unistd.h>

#include "rondo/comm/lane_tree.hpp"
#include "rondo/data/loader_memory.hpp"
#include "rondo/telemetry/progress.hpp"

#include "data/lock_probe.hpp"

namespace rondo::apps {
namespace {

constexpr double mebibyte = 1024.0 * 1024.0;
constexpr double least_chunk_mib = 0.5, most_chunk_mib = 8;
constexpr double most_read_share = 1.05;
constexpr double least_mixing = 0.5;
constexpr double most_empty_share = 0.05;
constexpr double most_memory_share = 0.25;
constexpr double worthwhile_share = 0.7;  ///< compressing to less is worth to be told
constexpr double useless_share = 0.95;    ///< of compression that is there

std::string mib(double bytes) {
  return fmt::format("{:.1f} MiB", bytes / mebibyte);
}
std::string mib(std::size_t bytes) {
  return mib(static_cast<double>(bytes));
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

class Examination {
 public:
  explicit Examination(const Patient& patient)
      : patient_(patient),
        info_(patient.info),
        ranks_(static_cast<std::size_t>(patient.run.ranks)),
        lanes_(patient.run.lanes.value_or(ranks_)),
        largest_(*std::max_element(patient.fields.begin(), patient.fields.end(),
                                   [](const auto& a, const auto& b) {
                                     return a.field.sample_bytes() < b.field.sample_bytes();
                                   })),
        sampler_({.samples = info_.samples,
                  .chunk_samples = info_.chunk_samples,
                  .lanes = lanes_,
                  .micro_batch = patient.run.batch,
                  .window = patient.run.window.value_or(data::automatic_window(info_))}) {}

  std::vector<Check> run() {
    checks_.push_back(samples());
    if (info_.samples >= lanes_) checks_.push_back(steps());
    checks_.push_back(lanes_for_ranks());
    checks_.push_back(chunk_size());
    checks_.push_back(reads());
    checks_.push_back(naive_reads());
    checks_.push_back(memory());
    checks_.push_back(mixing());
    checks_.push_back(direct_reading());
    checks_.push_back(checksums());
    checks_.push_back(compression());
    checks_.push_back(locks());
    return std::move(checks_);
  }

 private:
  /// Whether a loader reads the field chunk by chunk; the others it keeps whole.
  bool is_streamed(const data::FieldStorage& field) const {
    return !data::is_kept_whole(field.field, info_.chunk_samples);
  }

  /// Stored bytes of each chunk, all streamed fields together.
  std::vector<std::uint64_t> chunk_bytes() const {
    std::vector<std::uint64_t> bytes(sampler_.chunk_count());
    for (const data::FieldStorage& field : patient_.fields) {
      if (!is_streamed(field)) continue;
      const std::uint64_t all =
          std::accumulate(field.chunk_bytes.begin(), field.chunk_bytes.end(), std::uint64_t{0});
      for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] +=
            field.chunk_bytes.size() == bytes.size() ? field.chunk_bytes[i] : all / bytes.size();
    }
    return bytes;
  }

  /// As many as suit the data set, and few enough that the ranks find chunks to share.
  std::size_t advised_chunk_samples() const {
    const std::size_t enough_chunks =
        static_cast<std::size_t>(static_cast<double>(ranks_) / (most_read_share - 1));
    const std::size_t most = std::max<std::size_t>(1, info_.samples / enough_chunks);
    return std::min(data::suitable_chunk_samples(largest_.field.sample_bytes(), info_.samples),
                    most);
  }

  std::string rechunk(const std::string& options) const {
    std::filesystem::path output = patient_.file;
    output.replace_extension();
    const std::string field =
        patient_.field_option.empty() ? "" : fmt::format("--field '{}' ", patient_.field_option);
    return fmt::format("rondo-data rechunk {} {}{} {}-rechunked.h5", options, field,
                       patient_.file.string(), output.string());
  }
  std::string rechunk_smaller() const {
    return rechunk(fmt::format("--chunk-samples {}", advised_chunk_samples()));
  }

  Check samples() const {
    Check check{"samples", info_.samples < lanes_ ? Verdict::fail : Verdict::ok,
                fmt::format("{} samples in {} lanes", info_.samples, lanes_)};
    if (check.verdict == Verdict::fail)
      check.advice = "fewer samples than lanes cannot be dealt: take fewer lanes";
    check.value = static_cast<double>(info_.samples);
    return check;
  }

  Check steps() const {
    const double places = static_cast<double>(sampler_.steps_per_epoch() * lanes_) *
                          static_cast<double>(patient_.run.batch);
    const double empty = 1 - static_cast<double>(info_.samples) / places;
    Check check{
        "steps", empty > most_empty_share ? Verdict::warn : Verdict::ok,
        fmt::format("{} steps an epoch of {} lanes x {} samples, {} of the places empty",
                    sampler_.steps_per_epoch(), lanes_, patient_.run.batch, percent(empty))};
    if (check.verdict == Verdict::warn)
      check.advice = "the last step is short: take a --batch that divides samples / lanes better";
    check.value = empty;
    return check;
  }

  Check lanes_for_ranks() const {
    const double share =
        static_cast<double>(lanes_) / static_cast<double>(ranks_ * ((lanes_ - 1) / ranks_ + 1));
    Check check{"lanes", lanes_ % ranks_ == 0 ? Verdict::ok : Verdict::warn,
                fmt::format("{} lanes on {} ranks keep them busy {} of the time", lanes_, ranks_,
                            percent(share))};
    if (check.verdict == Verdict::warn)
      check.advice = fmt::format("take a multiple of the ranks: --lanes {}",
                                 ((lanes_ - 1) / ranks_ + 1) * ranks_);
    check.value = share;
    return check;
  }

  Check chunk_size() const {
    const double bytes = static_cast<double>(info_.chunk_samples * largest_.field.sample_bytes());
    const bool is_whole = sampler_.chunk_count() <= 1;
    // Few samples make small chunks, since the ranks share them.
    const bool is_small = bytes < least_chunk_mib * mebibyte && !is_whole &&
                          info_.chunk_samples < advised_chunk_samples();
    const bool is_large = bytes > most_chunk_mib * mebibyte && info_.chunk_samples > 1;
    Check check{"chunk_size", is_small || is_large ? Verdict::warn : Verdict::ok,
                fmt::format("{} chunks of {} samples, {}", sampler_.chunk_count(),
                            info_.chunk_samples, mib(bytes))};
    if (check.verdict == Verdict::warn)
      check.advice = fmt::format("{} MiB to {} MiB read best: {}", least_chunk_mib, most_chunk_mib,
                                 rechunk_smaller());
    check.value = bytes;
    return check;
  }

  Check reads() const {
    const auto sizes = chunk_bytes();
    const double all =
        static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0}));
    double bytes = 0;
    for (int rank = 0; rank < patient_.run.ranks; ++rank) {
      const auto lanes = comm::lane_range(rank, patient_.run.ranks, lanes_);
      bytes += static_cast<double>(
          data::planned_reads(sampler_, lanes.begin, lanes.end, 0, sizes).bytes);
    }
    const double share = bytes / all;
    Check check{"reads", share > most_read_share ? Verdict::warn : Verdict::ok,
                fmt::format("{} ranks read {} an epoch, {:.3f} of the data set", ranks_, mib(bytes),
                            share)};
    if (check.verdict == Verdict::warn)
      check.advice =
          fmt::format("too few chunks for so many ranks, which share some: {}", rechunk_smaller());
    check.value = share;
    return check;
  }

  Check naive_reads() const {
    const auto sizes = chunk_bytes();
    const double all =
        static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0}));
    const double samples = static_cast<double>(info_.samples);
    // Without chunks, HDF5 reads single samples.
    const double share = largest_.is_chunked ? samples / static_cast<double>(sizes.size()) : 1;
    return {"naive_reads", Verdict::ok,
            fmt::format("shuffling sample by sample would read {:.0f} MiB in {} reads, {:.0f} "
                        "times as much",
                        all * share / mebibyte, telemetry::with_thousands(samples), share),
            "", share};
  }

  Check memory() const {
    std::vector<data::FieldInfo> fields;
    for (const data::FieldStorage& field : patient_.fields)
      fields.push_back(field.field);
    const data::LoaderMemory memory = data::planned_memory(
        fields, sampler_, {.first_lane = 0, .last_lane = (lanes_ - 1) / ranks_ + 1});
    const auto bytes = static_cast<double>(memory.total());
    const double machine = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                           static_cast<double>(::sysconf(_SC_PAGESIZE));
    Check check{"memory", bytes > most_memory_share * machine ? Verdict::warn : Verdict::ok,
                fmt::format("a rank's loader holds up to {}: {} chunks {}, whole fields {}, "
                            "batches {}",
                            mib(bytes), memory.chunks, mib(memory.chunk_bytes),
                            mib(memory.whole_bytes), mib(memory.batch_bytes))};
    if (check.verdict == Verdict::warn)
      check.advice = fmt::format("more than {} of this machine's {}: take a smaller --window",
                                 percent(most_memory_share), mib(machine));
    check.value = bytes;
    return check;
  }

  Check mixing() const {
    const double value = sampler_.mixing();
    Check check{"mixing", value < least_mixing ? Verdict::warn : Verdict::ok,
                fmt::format("a step mixes {:.2f} of the chunks that a uniform shuffle would "
                            "(window {})",
                            value, sampler_.options().window)};
    if (check.verdict == Verdict::warn)
      check.advice =
          fmt::format("take a larger --window, or smaller chunks: {}",
                      rechunk(fmt::format("--chunk-samples {}",
                                          std::max<std::size_t>(1, info_.chunk_samples / 4))));
    check.value = value;
    return check;
  }

  Check direct_reading() const {
    for (const data::FieldStorage& field : patient_.fields)
      if (is_streamed(field) && !field.obstacle.empty())
        return {"direct", Verdict::warn,
                fmt::format("{} is read through HDF5: {}", field.field.path, field.obstacle),
                rechunk_smaller()};
    return {"direct", Verdict::ok, "chunks are read directly, without HDF5's lock"};
  }

  Check checksums() const {
    for (const data::FieldStorage& field : patient_.fields)
      if (!field.field.checksum)
        return {
            "checksum", Verdict::warn,
            fmt::format("{} has no checksums: a flipped bit would be trained on", field.field.path),
            rechunk_smaller()};
    return {"checksum", Verdict::ok, "each chunk has a Fletcher32 checksum"};
  }

  Check compression() const {
    const double stored = static_cast<double>(std::accumulate(
        largest_.chunk_bytes.begin(), largest_.chunk_bytes.end(), std::uint64_t{0}));
    const double share = stored / static_cast<double>(largest_.value_bytes());
    if (largest_.deflate_level > 0) {
      Check check{"compression", share > useless_share ? Verdict::warn : Verdict::ok,
                  fmt::format("{} is deflated to {}", largest_.field.path, percent(share)), "",
                  share};
      if (check.verdict == Verdict::warn)
        check.advice =
            fmt::format("that costs time and saves nothing: {}", rechunk("--drop-deflate"));
      return check;
    }
    const double possible = data::compressed_share(patient_.file, largest_.field, 1);
    Check check{"compression", Verdict::ok,
                fmt::format("{} is not compressed; deflate 1 would make it {}", largest_.field.path,
                            percent(possible)),
                "", possible};
    if (possible < worthwhile_share)
      check.advice = fmt::format("where the disk and not the processor is the limit: {}",
                                 rechunk("--deflate 1 --shuffle"));
    return check;
  }

  Check locks() const {
    const LockSupport found = probe_locks(patient_.file);
    if (found.flock && found.ranges)
      return {"locks", Verdict::ok,
              fmt::format("{} takes locks; Rondo's readers need none", found.subject)};
    return {"locks", Verdict::warn,
            fmt::format("{} does not take {} ({}); Rondo's readers need none", found.subject,
                        found.flock ? "locks of ranges" : "locks", found.failure),
            "for other programs set HDF5_USE_FILE_LOCKING=FALSE"};
  }

  const Patient& patient_;
  const data::DatasetInfo& info_;
  std::size_t ranks_;
  std::size_t lanes_;
  const data::FieldStorage& largest_;
  data::LaneSampler sampler_;
  std::vector<Check> checks_;
};

}  // namespace

std::vector<Check> examine(const Patient& patient) {
  return Examination(patient).run();
}

}  // namespace rondo::apps
