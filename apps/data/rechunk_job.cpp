// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/rechunk_job.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/job/signals.hpp"

namespace rondo::apps {
namespace {

/// What the ranks tell each other of a chunk that one of them has made.
struct ChunkNotice {
  std::uint64_t stored_bytes = 0;
  std::uint64_t hash = 0;
  std::uint64_t offset = 0;  ///< from rank 0
};

/// Calls `work(i)` for i below `count` on as many threads; throws what the first one threw.
void on_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::exception_ptr error;
  std::mutex mutex;
  const auto guarded = [&](std::size_t i) {
    try {
      work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < count; ++i)
    threads.emplace_back(guarded, i);
  guarded(0);
  for (std::thread& thread : threads)
    thread.join();
  if (error) std::rethrow_exception(error);
}

void write_at(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes,
              const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw IoError(ExitCode::io, fmt::format("{}: cannot write: {}", file.string(),
                                              std::generic_category().message(errno)));
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

/// Rank 0's text on all ranks.
std::string broadcast_text(comm::Communicator& communicator, std::string text) {
  std::uint64_t length = text.size();
  comm::broadcast(communicator, std::span(&length, 1), 0);
  text.resize(length);
  comm::broadcast(communicator, std::span(text.data(), text.size()), 0);
  return text;
}

class RechunkJob {
 public:
  RechunkJob(comm::Communicator& communicator, const data::RechunkInput& input,
             std::filesystem::path output, std::size_t threads)
      : communicator_(communicator),
        input_(input),
        path_(std::move(output)),
        threads_(threads),
        report_{std::vector<std::uint64_t>(input.fields().size()), {}} {
    for (const auto& piece : input.pieces())
      most_chunks_ = std::max(most_chunks_, piece.chunk_count);
    for (const auto& field : input.fields())
      hashes_.emplace_back(field.chunk_count());
  }

  RechunkReport run(const std::function<void(std::size_t, std::size_t)>& progress) {
    const std::size_t pieces = input_.pieces().size();
    const std::size_t round = pieces_a_round();
    open();
    for (std::size_t first = 0; first < pieces; first += round) {
      make(first);
      progress(std::min(first + round, pieces), 2 * pieces);
    }
    finish();
    for (std::size_t first = 0; first < pieces; first += round) {
      check(first);
      progress(pieces + std::min(first + round, pieces), 2 * pieces);
    }
    publish();
    return std::move(report_);
  }

 private:
  std::size_t rank() const { return static_cast<std::size_t>(communicator_.rank()); }
  std::size_t ranks() const { return static_cast<std::size_t>(communicator_.size()); }
  std::size_t pieces_a_round() const { return ranks() * threads_; }
  const data::RechunkInput::Piece* piece(std::size_t number) const {
    return number < input_.pieces().size() ? &input_.pieces()[number] : nullptr;
  }

  void open() {
    std::string temporary;
    comm::agree_on_success(communicator_, [&] {
      if (!comm::is_root(communicator_)) return;
      target_.emplace(path_);
      temporary = target_->temporary_path().string();
      output_.emplace(input_, temporary, path_);
    });
    temporary_ = broadcast_text(communicator_, std::move(temporary));
    comm::agree_on_success(communicator_, [&] {
      descriptor_.reset(::open(temporary_.c_str(), O_WRONLY | O_CLOEXEC));
      if (!descriptor_)
        throw IoError(ExitCode::cannot_create,
                      fmt::format("{}: cannot write: {}: the ranks need a file system that all of "
                                  "them see",
                                  temporary_.string(), std::generic_category().message(errno)));
    });
  }

  void throw_if_stopped() {
    std::int32_t stops = job::stop_requested() ? 1 : 0;
    comm::allreduce(communicator_, std::span(&stops, 1), comm::ReduceOp::max);
    if (stops != 0)
      throw AgreedError(ExitCode::requeue,
                        fmt::format("interrupted: {} is as it was before", path_.string()));
  }

  /// A round: every thread of every rank makes the chunks of a piece and writes them.
  void make(std::size_t first) {
    throw_if_stopped();
    std::vector<std::vector<data::EncodedChunk>> made(threads_);
    comm::agree_on_success(communicator_, [&] {
      on_threads(threads_, [&](std::size_t thread) {
        if (const auto* mine = piece(first + rank() * threads_ + thread))
          made[thread] = input_.encode(*mine);
      });
    });
    const std::vector<ChunkNotice> notices = place(first, made);
    comm::agree_on_success(communicator_, [&] {
      for (std::size_t thread = 0; thread < threads_; ++thread)
        for (std::size_t i = 0; i < made[thread].size(); ++i)
          write_at(descriptor_.get(),
                   notices[(rank() * threads_ + thread) * most_chunks_ + i].offset,
                   made[thread][i].stored, path_);
    });
  }

  /// Tells all ranks of all chunks of a round, and where rank 0 has put them.
  std::vector<ChunkNotice> place(std::size_t first,
                                 const std::vector<std::vector<data::EncodedChunk>>& made) {
    std::vector<ChunkNotice> mine(threads_ * most_chunks_);
    for (std::size_t thread = 0; thread < threads_; ++thread)
      for (std::size_t i = 0; i < made[thread].size(); ++i)
        mine[thread * most_chunks_ + i] = {made[thread][i].stored.size(), made[thread][i].hash, 0};
    std::vector<ChunkNotice> all(ranks() * mine.size());
    comm::allgather(communicator_, std::span<const ChunkNotice>(mine), std::span(all));
    comm::agree_on_success(communicator_, [&] {
      for_each_chunk(first, [&](std::size_t field, std::size_t chunk, std::size_t notice) {
        report_.stored_bytes[field] += all[notice].stored_bytes;
        hashes_[field][chunk] = all[notice].hash;
        if (output_) all[notice].offset = output_->reserve(field, chunk, all[notice].stored_bytes);
      });
    });
    comm::broadcast(communicator_, std::span(all), 0);
    return all;
  }

  /// The chunks of a round, in the order of the file.
  template <class Use>
  void for_each_chunk(std::size_t first, Use use) const {
    for (std::size_t slot = 0; slot < pieces_a_round(); ++slot)
      if (const auto* made = piece(first + slot))
        for (std::size_t i = 0; i < made->chunk_count; ++i)
          use(made->field, made->first_chunk + i, slot * most_chunks_ + i);
  }

  void finish() {
    comm::agree_on_success(communicator_, [&] {
      if (::fsync(descriptor_.get()) != 0 || ::close(descriptor_.release()) != 0)
        throw IoError(ExitCode::io, fmt::format("{}: cannot write: {}", path_.string(),
                                                std::generic_category().message(errno)));
    });
    comm::agree_on_success(communicator_, [&] {
      if (output_) report_.left_out = output_->finish();
    });
    comm::agree_on_success(communicator_, [&] { check_.emplace(input_, temporary_); });
  }

  /// A round: every thread reads back what the next rank has written.
  void check(std::size_t first) {
    throw_if_stopped();
    comm::agree_on_success(communicator_, [&] {
      on_threads(threads_, [&](std::size_t thread) {
        const auto* other = piece(first + (rank() + 1) % ranks() * threads_ + thread);
        if (other == nullptr) return;
        for (std::size_t i = 0; i < other->chunk_count; ++i)
          require_equal(other->field, other->first_chunk + i);
      });
    });
  }

  void require_equal(std::size_t field, std::size_t chunk) const {
    const std::uint64_t found = check_->hash(field, chunk);
    if (found != hashes_[field][chunk])
      throw IoError(ExitCode::io,
                    fmt::format("{}: {}: chunk {} is not what was written: expected content {}, "
                                "found {}: is the file system or the memory at fault?",
                                path_.string(), input_.fields()[field].path, chunk,
                                to_hex(hashes_[field][chunk]), to_hex(found)));
  }

  void publish() {
    comm::agree_on_success(communicator_, [&] {
      if (target_) target_->publish();
    });
  }

  comm::Communicator& communicator_;
  const data::RechunkInput& input_;
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::size_t threads_;
  std::size_t most_chunks_ = 1;
  RechunkReport report_;
  std::vector<std::vector<std::uint64_t>> hashes_;  ///< by field and chunk
  std::optional<AtomicFile> target_;                ///< on rank 0, as is output_
  std::optional<data::RechunkOutput> output_;
  FileDescriptor descriptor_;
  std::optional<data::RechunkCheck> check_;
};

}  // namespace

RechunkReport rechunk_on_ranks(comm::Communicator& communicator, const data::RechunkInput& input,
                               const std::filesystem::path& output, std::size_t threads,
                               const std::function<void(std::size_t, std::size_t)>& progress) {
  return RechunkJob(communicator, input, output, threads).run(progress);
}

}  // namespace rondo::apps
