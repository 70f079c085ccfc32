// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/optim/optimizer.hpp"

#include "train/holding.hpp"
#include "train/pages.hpp"

namespace rondo::train {

/// The optimizer's slots for what this rank holds, and their way to and from one rank.
class OptimizerState {
 public:
  /// The layout must outlive the state. `sharded`: the rank holds its shards.
  OptimizerState(const grad::Layout& layout, const optim::Optimizer& optimizer, int rank,
                 bool sharded);

  const Holding& holding() const noexcept { return holding_; }
  bool is_sharded() const noexcept { return sharded_; }
  std::size_t slots() const noexcept { return slots_.size(); }
  /// What the slots of a rank are going to need.
  static std::size_t planned_bytes(const grad::Layout& layout, const optim::Optimizer& optimizer,
                                   bool sharded);
  /// Under Scope::parameter: where slot `k` of each parameter lies in memory of its own; the end of
  /// the last one is the slot's length.
  static std::vector<grad::ElementRange> places_of(const grad::Layout& layout,
                                                   const optim::Optimizer& optimizer,
                                                   std::size_t k);
  /// What they have.
  std::size_t resident_bytes() const;

  /// All memory of slot `k`, one held part after another.
  std::span<float> slot(std::size_t k) { return slots_[k].span(); }
  /// Slot `k` of a run.
  std::span<float> of(std::size_t k, const Run& run);

  /// Every slot of whole parameters. Where ranks hold everything these are views, else copies.
  class Whole {
   public:
    std::span<float> of(std::size_t k, std::size_t parameter);

   private:
    friend class OptimizerState;
    explicit Whole(OptimizerState& state) : state_(state) {}
    OptimizerState& state_;
    std::vector<AlignedBuffer<float>> copies_;  // on rank 0, where sharded
  };

  /// Collective: the slots of all ranks on rank 0. \throws AgreedError  no memory, CommError
  Whole gather(comm::Communicator& comm);

  /// Memory like that of the slots, to be filled before it takes their place.
  std::vector<Pages> stage() const;
  /// Elements of slot `k` of a parameter, from `first` on, go to their places in `staged`, as far
  /// as this rank holds them.
  void store(std::vector<Pages>& staged, std::size_t k, std::size_t parameter, std::size_t first,
             std::span<const float> elements) const;
  void replace(std::vector<Pages> staged) noexcept { slots_ = std::move(staged); }
  /// The same, straight into the slots.
  void store(std::size_t k, std::size_t parameter, std::size_t first,
             std::span<const float> elements) {
    store(slots_, k, parameter, first, elements);
  }
  /// Makes all slots what they were at first: zero.
  void clear() noexcept;

 private:
  std::span<float> part_of(std::size_t k, const Part& part);
  Whole make_whole(comm::Communicator& comm);

  const grad::Layout& layout_;
  bool sharded_;
  Holding holding_;
  std::vector<std::vector<grad::ElementRange>> places_;  // by slot and parameter, if of own shapes
  std::vector<Pages> slots_;
};

}  // namespace rondo::train
