// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "data/chunk_source.hpp"
#include "data/load_plan.hpp"

namespace rondo::data {

/// The chunks that a rank's lanes need now and next, loaded in the order of the plan into at most
/// `capacity` buffers that are used again and again.
///
/// A chunk stays in its buffer until another needs that: what was used longest ago leaves first,
/// but never what another lane is still to use in the same epoch. So each chunk is loaded at most
/// once an epoch; one that failed is not kept.
///
/// Not thread-safe: its owner's lock guards it. Loading itself happens outside: a thread takes a
/// Load, reads without the lock, and gives it back.
///
/// Whoever uses the groups in the plan's order always gets on if `capacity` is at least window *
/// lanes: a group and the unfinished ones before it, one a lane, need no more, and a chunk is only
/// awaited by a lane that holds none. What is beyond that is loaded ahead, at most one more group a
/// lane.
class ChunkStore {
 public:
  enum class Opening : std::uint8_t {
    ahead,   ///< groups are loaded as soon as there is room
    by_step  ///< when open_step() says so
  };

  /// `sample_bytes` of each field; `chunk_samples` of a full chunk.
  ChunkStore(LoadPlan plan, std::size_t capacity, std::vector<std::size_t> sample_bytes,
             std::size_t chunk_samples, Opening opening = Opening::ahead);

  /// With Opening::by_step: opens the groups that `step` is the first to need, those of earlier
  /// steps being used up to it. Returns the chunks that will be loaded for them, in that order.
  std::vector<std::uint64_t> open_step(std::size_t epoch, std::size_t step);

  /// A chunk to be read into `rows`.
  struct Load {
    std::uint64_t chunk = 0;
    std::size_t epoch = 0;  ///< that of the group which asked first
    ChunkRows* rows = nullptr;
  };
  /// With Opening::ahead: opens the next groups if nothing is wanted. Whether it did: they may be
  /// ready at once.
  bool open_groups();
  /// What to load next, or none while nothing is wanted or every buffer is in use.
  std::optional<Load> take_load();
  /// The load has ended, with `error` if it failed.
  void loaded(std::uint64_t chunk, std::exception_ptr error);

  /// A group whose chunks are all there, or failed. Its rows may be read without the owner's lock.
  class ReadyGroup {
   public:
    /// The position behind its last.
    std::size_t end() const noexcept { return end_; }
    /// The rows of one of its chunks. \throws what loading it threw
    const ChunkRows& rows(std::uint64_t chunk) const;

   private:
    friend class ChunkStore;
    struct Entry {
      std::uint64_t chunk = 0;
      const ChunkRows* rows = nullptr;
      std::exception_ptr error;
    };
    std::size_t end_ = 0;
    std::vector<Entry> entries_;  ///< by chunk
  };
  /// The group of that position, or none while it is not ready. It lives until all its positions
  /// are used.
  const ReadyGroup* ready_group(std::size_t epoch, std::size_t lane, std::size_t position);

  /// `count` positions from `position` on, all of one group, will not be asked for any more.
  void use(std::size_t epoch, std::size_t lane, std::size_t position, std::size_t count);

  std::size_t held_bytes() const noexcept { return buffers_ * chunk_bytes_; }
  std::size_t capacity_bytes() const noexcept { return capacity_ * chunk_bytes_; }

 private:
  struct Group {
    LoadPlan::Item item;
    std::size_t missing = 0;  ///< chunks that are not there yet
    ReadyGroup ready = {};    ///< filled when none is
  };
  struct Chunk {
    std::vector<Group*> users;        ///< none: it is in unused_
    std::unique_ptr<ChunkRows> rows;  ///< none before it is being loaded
    bool is_loaded = false;
    std::exception_ptr error;
    std::size_t epoch = 0;       ///< of the latest user
    bool may_be_shared = false;  ///< at the end of a lane
  };
  using Groups = std::list<Group>;

  void open_next_group();
  void add_user(Group& group, std::uint64_t number, std::size_t waiting);
  bool has_room_besides(std::uint64_t number, std::size_t waiting) const;
  void fill_ready(Group& group) const;
  void close(Groups::iterator group);
  /// None while every buffer is in use or awaited.
  std::unique_ptr<ChunkRows> take_buffer();
  std::unique_ptr<ChunkRows> make_buffer();
  bool is_awaited(std::uint64_t number) const;

  LoadPlan plan_;
  std::size_t capacity_;
  std::vector<std::size_t> sample_bytes_;
  std::size_t chunk_samples_;
  std::size_t chunk_bytes_;
  Opening opening_;
  Groups groups_;
  std::map<std::uint64_t, Chunk> chunks_;
  struct Wanted {
    std::uint64_t chunk = 0;
    std::size_t epoch = 0;
  };
  std::deque<Wanted> wanted_;
  std::deque<std::uint64_t> unused_;  ///< chunks that no group needs, the longest unused first
  std::vector<std::unique_ptr<ChunkRows>> blank_;
  std::size_t buffers_ = 0;  ///< made so far
};

}  // namespace rondo::data
