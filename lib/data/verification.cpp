// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/verification.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"

#include "data/attribute_check.hpp"
#include "data/field_chunks.hpp"
#include "data/problems.hpp"
#include "data/schema.hpp"
#include "data/value_check.hpp"

namespace rondo::data {
namespace {

/// A field whose chunks are to be read, and where its chunks begin among those of all fields.
struct OpenField {
  FieldChunks chunks;
  std::size_t classes = 0;
  std::size_t first_job = 0;
  AttributeCheck attributes;
};

/// `text` without the place in front that a Finding has apart from it.
std::string without_place(const std::string& text, const std::string& file,
                          const Finding& finding) {
  const std::string place = fmt::format("{}: {}: chunk {} (", file, finding.object, *finding.chunk);
  if (text.rfind(place, 0) != 0) return text;
  const std::size_t end = text.find(") ", place.size());
  return end == std::string::npos ? text : text.substr(end + 2);
}

class Verifier {
 public:
  Verifier(const std::filesystem::path& path, const VerificationOptions& options)
      : path_(path.string()), file_(io::Hdf5File::open(path)), options_(options) {
    require(options.threads > 0, "verify: at least one thread");
  }

  Verification run() {
    open_splits();
    read_all();
    compare_attributes();
    for (auto& [place, finding] : findings_)
      result_.findings.push_back(std::move(finding));
    return std::move(result_);
  }

 private:
  /// Headers come first, then chunks, then what the whole has shown.
  enum class Stage { headers, chunks, totals };

  void open_splits() {
    Problems problems(path_);
    const auto splits = schema::split_names(file_, options_.field_map);
    if (splits.empty()) problems.add("expected groups of fields (train, test), found none");
    std::vector<DatasetInfo> infos;
    for (const std::string& split : splits) {
      auto headers = schema::read_headers(
          file_, split, {.required = {}, .field_map = options_.field_map}, problems);
      for (std::size_t i = 0; i < headers.datasets.size(); ++i)
        open_field(headers.info, i, std::move(headers.datasets[i]), problems);
      infos.push_back(std::move(headers.info));
    }
    for (const DatasetInfo& info : infos)
      problems.attempt([&] { return require_same_shape(infos.front(), info, path_), true; });
    result_.splits = splits.size();
    for (const std::string& problem : problems.all())
      add({.what = problem}, Stage::headers, result_.finding_count);
  }

  void open_field(const DatasetInfo& split, std::size_t index, io::Hdf5Dataset dataset,
                  Problems& problems) {
    const FieldInfo& info = split.fields[index];
    if (info.samples == 0) return;  // noted already
    auto chunks = problems.attempt([&] { return FieldChunks(info, std::move(dataset)); });
    if (!chunks) return;
    if (!chunks->obstacle().empty())
      result_.notes.push_back(
          fmt::format("{}: read through HDF5: {}", info.path, chunks->obstacle()));
    if (!info.checksum)
      result_.notes.push_back(fmt::format(
          "{}: has no checksums: a flipped bit cannot be noticed (rondo-data rechunk adds them)",
          info.path));
    const std::size_t first_job = result_.chunks;
    result_.chunks += chunks->map().chunk_count();
    result_.fields += 1;
    fields_.push_back(
        {std::move(*chunks), split.classes, first_job,
         options_.statistics ? AttributeCheck(file_, split, info) : AttributeCheck()});
  }

  void read_all() {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(options_.threads, result_.chunks); ++i)
      threads.emplace_back([this] { work(false); });
    work(true);
    for (std::thread& thread : threads)
      thread.join();
    if (error_) std::rethrow_exception(error_);
  }

  void work(bool is_caller) {
    try {
      io::ChunkScratch scratch;
      AlignedBuffer<std::byte> buf;
      for (std::size_t job = next_job_++; job < result_.chunks; job = next_job_++) {
        check_chunk(job, buf, scratch);
        if (is_caller && options_.progress) options_.progress(jobs_done_, result_.chunks);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      next_job_ = result_.chunks;
    }
  }

  void check_chunk(std::size_t job, AlignedBuffer<std::byte>& buf, io::ChunkScratch& scratch) {
    OpenField& field =
        *std::prev(std::find_if(fields_.begin(), fields_.end(), [job](const OpenField& candidate) {
          return candidate.first_job > job;
        }));
    const io::ChunkMap& map = field.chunks.map();
    const std::size_t chunk = job - field.first_job;
    Finding finding{.what = "",
                    .object = field.chunks.info().path,
                    .chunk = chunk,
                    .first_row = map.first_row(chunk),
                    .last_row = map.first_row(chunk) + map.rows_in(chunk) - 1,
                    .row_noun = field.chunks.info().is_stream ? "tokens" : "samples"};
    const std::size_t bytes = map.rows_in(chunk) * map.row_bytes();
    if (buf.size() < bytes) buf = AlignedBuffer<std::byte>(bytes);
    const auto rows = buf.span().first(bytes);
    bool is_read = true;
    try {
      field.chunks.read(chunk, rows, scratch);
      finding.what = value_problem(field.chunks.info(), field.classes, map.first_row(chunk), rows);
    } catch (const IoError& error) {
      finding.what = without_place(error.what(), path_, finding);
      is_read = false;
    }
    AttributeCheck part = attribute_part(field);
    if (is_read)
      part.add(rows);
    else
      part.give_up();

    const std::lock_guard lock(mutex_);
    field.attributes.merge(part);
    result_.stored_bytes += field.chunks.stored_bytes(chunk);
    result_.value_bytes += is_read ? bytes : 0;
    jobs_done_ += 1;
    if (finding.what.empty()) return;
    add(std::move(finding), Stage::chunks, job);
  }

  AttributeCheck attribute_part(const OpenField& field) {
    const std::lock_guard lock(mutex_);
    return field.attributes.part();
  }

  void compare_attributes() {
    std::size_t number = 0;
    for (const OpenField& field : fields_)
      for (const std::string& problem : field.attributes.problems())
        add({.what = problem}, Stage::totals, number++);
  }

  /// Of more findings than are listed, the first ones stay, whatever thread met them.
  void add(Finding finding, Stage stage, std::size_t number) {
    result_.finding_count += 1;
    findings_.emplace(std::pair(stage, number), std::move(finding));
    if (findings_.size() > options_.most_findings) findings_.erase(std::prev(findings_.end()));
  }

  std::string path_;
  io::Hdf5File file_;
  const VerificationOptions& options_;
  Verification result_;
  std::list<OpenField> fields_;
  std::atomic<std::size_t> next_job_ = 0;
  std::atomic<std::size_t> jobs_done_ = 0;
  std::mutex mutex_;  ///< of what follows, and of result_ and attributes while threads run
  std::map<std::pair<Stage, std::size_t>, Finding> findings_;
  std::exception_ptr error_;
};

}  // namespace

std::string describe(const Finding& finding) {
  if (finding.object.empty()) return finding.what;
  return fmt::format("{}: chunk {} ({} {} to {}): {}", finding.object, finding.chunk.value_or(0),
                     finding.row_noun, finding.first_row, finding.last_row, finding.what);
}

Verification verify(const std::filesystem::path& file, const VerificationOptions& options) {
  return Verifier(file, options).run();
}

}  // namespace rondo::data
