// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/along_tree.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "comm/algorithms/element_channel.hpp"
#include "comm/algorithms/together.hpp"
#include "comm/algorithms/tree.hpp"
#include "comm/tags.hpp"

namespace rondo::comm::algorithms {
namespace {

/// One direction of a tree at this rank: what goes along it, in segments.
class Flow {
 public:
  Flow(Channel channel, Tree tree, std::span<std::byte> data, Reduction reduction,
       Segmentation segmentation)
      : channel_(channel),
        elements_(channel_, reduction, segmentation),
        tree_(std::move(tree)),
        segments_(elements_.segments(data)) {}
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

 protected:
  ~Flow() = default;

  /// The segments to ask for before segment `next` can be waited for.
  std::size_t receive_limit(std::size_t next) const {
    return std::min(next + elements_.ahead(), segments_.size());
  }

  Channel channel_;
  ElementChannel elements_;
  Tree tree_;
  std::vector<std::span<std::byte>> segments_;
  std::deque<Arrival> arrivals_;  // by segment; in an ascent, of each by child
  std::size_t posted_ = 0;        // segments
};

/// What comes down a tree: to this rank, and from it to its children.
class Descent final : public Flow {
 public:
  using Flow::Flow;

  /// Of the root: segment `k` is complete.
  void begin(std::size_t k) { pass_on(elements_.pack(segments_[k])); }
  void begin_all() {
    for (std::size_t k = 0; k < segments_.size(); ++k)
      begin(k);
  }

  /// Takes what comes, unless this is the root, and passes it on; ends when all is through that
  /// this rank sends. Segment k lands where message k of `operands`, if given, was sent from: it is
  /// not asked for earlier.
  Task run(Outbox* operands) {
    for (std::size_t k = 0; tree_.parent && k < segments_.size(); ++k) {
      if (operands != nullptr) co_await Sent(elements_.runner(), *operands, k + 1);
      post_receives(k, operands);
      co_await elements_.come(arrivals_.front());
      pass_on(arrivals_.front().parcel());
      elements_.unpack(arrivals_.front(), segments_[k]);
      arrivals_.pop_front();
    }
    co_await elements_.sent(segments_.size() * tree_.children.size());
  }

 private:
  void post_receives(std::size_t next, Outbox* operands) {
    const std::size_t limit = receive_limit(next);
    for (; posted_ < limit; ++posted_) {
      if (operands != nullptr && !operands->through(posted_ + 1)) return;
      arrivals_.push_back(elements_.receive(*tree_.parent, segments_[posted_]));
    }
  }

  void pass_on(const Parcel& parcel) {
    for (const int child : tree_.children)
      elements_.send(child, parcel);
  }
};

/// What goes up a tree: the children's values are added to this rank's, segment by segment. At the
/// root each sum goes down again at once.
class Ascent final : public Flow {
 public:
  using Flow::Flow;

  Outbox& outbox() noexcept { return elements_.outbox(); }

  Task run(Descent& descent) {
    for (std::size_t k = 0; k < segments_.size(); ++k) {
      post_receives(k);
      for (std::size_t child = 0; child < tree_.children.size(); ++child) {
        co_await elements_.come(arrivals_.front());
        elements_.reduce(segments_[k], arrivals_.front());
        arrivals_.pop_front();
      }
      if (tree_.parent) {
        elements_.send(*tree_.parent, segments_[k]);
        if (k >= elements_.ahead()) co_await elements_.sent(k + 1 - elements_.ahead());
      } else {
        elements_.divide(segments_[k]);
        elements_.round(segments_[k]);
        descent.begin(k);
      }
    }
    co_await elements_.all_sent();
  }

 private:
  void post_receives(std::size_t next) {
    const std::size_t limit = receive_limit(next);
    for (; posted_ < limit; ++posted_) {
      for (const int child : tree_.children)
        arrivals_.push_back(elements_.receive_operand(child, segments_[posted_].size()));
    }
  }
};

Task reduce_and_broadcast(Channel& channel, Tree tree, std::span<std::byte> data,
                          Reduction reduction, Segmentation segmentation) {
  Runner up;
  Runner down;
  Descent descent(channel.on(down), tree, data, reduction, segmentation);
  Ascent ascent(channel.on(up), tree, data, reduction, segmentation);
  up.start(ascent.run(descent));
  down.start(descent.run(&ascent.outbox()));
  co_await Together(channel.runner(), up, down);
}

Task broadcast_along(Channel& channel, Tree tree, std::span<std::byte> data,
                     Segmentation segmentation) {
  Descent descent(channel, tree, data, Reduction(), segmentation);
  if (!tree.parent) descent.begin_all();
  co_await descent.run(nullptr);
}

/// Runs `along(channel, twin, half)` on each half of `data`. Two ranks may be neighbours in both
/// trees: each has a tag of its own.
template <class Along>
Task along_both(Channel& channel, std::span<std::byte> data, std::size_t element_bytes,
                Along along) {
  const Blocks halves(data, element_bytes, 2);
  Runner first;
  Runner second;
  Channel first_channel = channel.on(first);
  Channel second_channel = channel.on(second, second_tree_tag);
  first.start(along(first_channel, Twin::first, halves[0]));
  second.start(along(second_channel, Twin::second, halves[1]));
  co_await Together(channel.runner(), first, second);
}

}  // namespace

Task tree_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction,
                    Segmentation segmentation) {
  return reduce_and_broadcast(channel, binomial_tree(channel.rank(), 0, channel.size()), data,
                              reduction, segmentation);
}

Task pipelined_tree_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction,
                              Segmentation segmentation) {
  const auto along = [&](Channel& part, Twin twin, std::span<std::byte> half) {
    return reduce_and_broadcast(part, twin_tree(twin, part.rank(), 0, part.size()), half, reduction,
                                segmentation);
  };
  co_await along_both(channel, data, size_of(reduction.dtype), along);
}

Task tree_broadcast(Channel& channel, std::span<std::byte> data, int root,
                    Segmentation segmentation) {
  return broadcast_along(channel, binomial_tree(channel.rank(), root, channel.size()), data,
                         segmentation);
}

Task pipelined_tree_broadcast(Channel& channel, std::span<std::byte> data, int root,
                              Segmentation segmentation) {
  const auto along = [&](Channel& part, Twin twin, std::span<std::byte> half) {
    return broadcast_along(part, twin_tree(twin, part.rank(), root, part.size()), half,
                           segmentation);
  };
  co_await along_both(channel, data, 1, along);
}

}  // namespace rondo::comm::algorithms
