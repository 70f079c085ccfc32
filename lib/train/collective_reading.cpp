// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/collective_reading.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/agree.hpp"

namespace rondo::train {
namespace {

/// Pieces that are being read while ranks take another one: so many keep a disk busy.
constexpr std::size_t pieces_ahead = 4;
constexpr std::size_t window_count = pieces_ahead + 1;

/// What is wrong with the checkpoint, if that is why `local` failed on some rank. Collective.
std::optional<std::string> damage_in(comm::Communicator& comm, const std::function<void()>& local) {
  try {
    comm::agree_on_success(comm, local);
    return std::nullopt;
  } catch (const AgreedError& e) {
    if (e.code() != ExitCode::bad_content && e.code() != ExitCode::missing_input) throw;
    return e.what();
  }
}

/// Of all that a manifest says.
std::uint64_t fingerprint(const checkpoint::Contents& contents) {
  std::string text =
      fmt::format("{} {} {}\n", contents.version, contents.step, contents.state_bytes);
  for (const auto& [key, value] : contents.metadata)
    text += fmt::format("{}={}\n", key, value);
  for (const checkpoint::TensorEntry& tensor : contents.tensors)
    text += fmt::format("{} {:x}\n", tensor.name, tensor.hash);
  return content_hash(text);
}

/// Nothing where there is no such checkpoint.
std::optional<checkpoint::Reader> open_if_same(const std::filesystem::path& directory,
                                               std::uint64_t expected) {
  try {
    checkpoint::Reader reader(directory);
    if (fingerprint(reader.contents()) == expected) return reader;
  } catch (const IoError&) {  // nothing to see here: rank 0 has found it good
  }
  return std::nullopt;
}

/// The lowest rank that has no reader, or size(). Collective.
int first_without(comm::Communicator& comm, const SharedReader& opened) {
  std::int64_t rank = opened.reader ? comm.size() : comm.rank();
  comm::allreduce(comm, std::span(&rank, 1), comm::ReduceOp::min);
  return static_cast<int>(rank);
}

/// Where shares are read to, and how they come to all ranks.
class Windows {
 public:
  /// Collective.
  Windows(comm::Communicator& comm, const LoadPlan& plan)
      : comm_(comm),
        length_(plan.longest_share()),
        by_all_(plan.readers() > 1),
        memory_(comm.allocate(window_count * length_ * sizeof(float))) {
    if (by_all_ && memory_->peers().empty())
      gathered_.resize(length_ * static_cast<std::size_t>(comm.size()));
  }

  /// For this rank's share of a piece. Ranks must not write it before they have left agreement on
  /// the piece `pieces_ahead` before: until then others may read what it had before that.
  std::span<float> own(std::size_t piece) { return window(memory_->bytes(), piece); }

  /// Once all ranks have read their shares. Collective.
  void exchange(std::size_t piece) {
    if (comm_.size() == 1 || !memory_->peers().empty()) return;
    if (by_all_)
      comm::allgather(comm_, std::span<const float>(own(piece)), std::span(gathered_));
    else
      comm::broadcast(comm_, own(piece), 0);
  }

  std::span<const float> share(std::size_t piece, int reader) {
    const auto peers = memory_->peers();
    const auto number = static_cast<std::size_t>(reader);
    if (!peers.empty()) return window(peers[number], piece);
    if (!gathered_.empty()) return std::span(gathered_).subspan(number * length_, length_);
    return own(piece);
  }

 private:
  std::span<float> window(std::span<std::byte> memory, std::size_t piece) const {
    const std::span<float> all(reinterpret_cast<float*>(memory.data()), window_count * length_);
    return all.subspan(piece % window_count * length_, length_);
  }

  comm::Communicator& comm_;
  std::size_t length_;
  bool by_all_;
  std::unique_ptr<comm::Memory> memory_;
  std::vector<float> gathered_;
};

/// A share on its way into its window.
class Arrival {
 public:
  /// Nothing is to come.
  Arrival() = default;
  /// The disk brings it.
  explicit Arrival(std::vector<std::unique_ptr<checkpoint::Reading>> readings)
      : readings_(std::move(readings)) {}
  /// A thread reads it.
  explicit Arrival(std::future<void> thread) : thread_(std::move(thread)) {}

  /// Throws what goes wrong.
  void finish() {
    for (const auto& reading : readings_)
      reading->finish();
    readings_.clear();
    if (thread_.valid()) thread_.get();
  }

 private:
  std::vector<std::unique_ptr<checkpoint::Reading>> readings_;
  std::future<void> thread_;
};

/// What this rank reads of each piece.
class OwnShares {
 public:
  OwnShares(const comm::Communicator& comm, const SharedReader& opened, const LoadPlan& plan)
      : reader_(opened.reader ? &*opened.reader : nullptr), rank_(comm.rank()), plan_(plan) {}

  /// Begins to read. The plan, this, and the window must outlive it. A thread is what is left where
  /// the disk does not read by itself: it takes the processor from its rank, and is woken late.
  Arrival start(std::size_t piece, std::span<float> window) const {
    std::vector<std::unique_ptr<checkpoint::Reading>> readings;
    for (const Segment& segment : share(piece)) {
      readings.push_back(reader_->start(tensor(segment), segment.first, place(segment, window)));
      if (!readings.back()) return in_thread(piece, window);
    }
    return Arrival(std::move(readings));
  }

 private:
  std::span<const Segment> share(std::size_t piece) const {
    if (reader_ == nullptr) return {};
    return plan_.share(piece, rank_);
  }
  Arrival in_thread(std::size_t piece, std::span<float> window) const {
    return Arrival(std::async(std::launch::async | std::launch::deferred, [this, piece, window] {
      for (const Segment& segment : share(piece))
        reader_->read(tensor(segment), segment.first, place(segment, window));
    }));
  }
  static std::span<float> place(const Segment& segment, std::span<float> window) {
    return window.subspan(segment.place, segment.count);
  }
  const checkpoint::TensorEntry& tensor(const Segment& segment) const {
    return reader_->contents().tensors[segment.tensor];
  }

  const checkpoint::Reader* reader_;
  int rank_;
  const LoadPlan& plan_;
};

}  // namespace

std::optional<std::string> open_together(comm::Communicator& comm,
                                         const std::filesystem::path& directory,
                                         SharedReader& opened) {
  if (auto damage = damage_in(comm, [&] {
        if (!is_root(comm)) return;
        opened.reader.emplace(directory);
        opened.reader->verify_structure();
      }))
    return damage;
  std::array<std::uint64_t, 2> known{};
  if (is_root(comm)) {
    const checkpoint::Contents& contents = opened.reader->contents();
    known = {fingerprint(contents), contents.block_bytes};
  }
  comm::broadcast(comm, std::span<std::uint64_t>(known), 0);
  opened.block_elements = known[1] / sizeof(float);
  if (opened.block_elements == 0 || comm.size() == 1) return std::nullopt;
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) opened.reader = open_if_same(directory, known[0]);
  });
  const int missing = first_without(comm, opened);
  if (missing == comm.size()) {
    opened.readers = comm.size();
    return std::nullopt;
  }
  if (is_root(comm))
    log::info(fmt::format("rank {} does not see {} as rank 0 does: rank 0 reads it for all",
                          missing, directory.string()));
  else
    opened.reader.reset();
  return std::nullopt;
}

std::optional<std::string> read_together(comm::Communicator& comm, const SharedReader& opened,
                                         const LoadPlan& plan, const TakeElements& take) {
  const OwnShares mine(comm, opened, plan);
  Windows windows(comm, plan);
  std::array<Arrival, pieces_ahead> arrivals;
  const auto start = [&](std::size_t piece) {
    if (piece < plan.pieces())
      arrivals[piece % pieces_ahead] = mine.start(piece, windows.own(piece));
  };
  for (std::size_t piece = 0; piece < pieces_ahead; ++piece)
    start(piece);
  for (std::size_t piece = 0; piece < plan.pieces(); ++piece) {
    if (auto damage = damage_in(comm, [&] { arrivals[piece % pieces_ahead].finish(); }))
      return damage;
    start(piece + pieces_ahead);
    windows.exchange(piece);
    for (int reader = 0; reader < plan.readers(); ++reader) {
      const std::span<const float> elements = windows.share(piece, reader);
      for (const Segment& segment : plan.share(piece, reader))
        take(segment.tensor, segment.first, elements.subspan(segment.place, segment.count));
    }
  }
  comm::barrier(comm);  // nobody looks into another's window any more
  return std::nullopt;
}

}  // namespace rondo::train
