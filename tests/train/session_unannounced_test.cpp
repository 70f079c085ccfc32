// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Parameters whose gradient nobody announces.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/train/session.hpp"

#include "support/counting_transport.hpp"
#include "support/run_on_nodes.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t all_lanes = 6;

std::vector<ParameterSpec> specs(int count = 5) {
  std::vector<ParameterSpec> all;
  for (int p = 0; p < count; ++p)
    all.push_back({fmt::format("layer{}", p), {700}});
  return all;
}

/// Whether a lane touches a parameter.
using Touches = std::function<bool(std::size_t lane, std::size_t parameter)>;

void run_lanes(Session& session, const Touches& touches, double weight = 1) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, weight);
    for (std::size_t p = session.parameters().size(); p-- > 0;) {
      if (!touches(lane, p)) continue;
      for (float& g : session.parameters()[p].grad)
        g += static_cast<float>(lane + 1);
      session.ready(p);
    }
    session.end_lane(1, 1);
  }
}

struct Case {
  Unannounced unannounced = Unannounced::error;
  grad::Sharding sharding = grad::Sharding::none;
  grad::Reduction reduction = grad::Reduction::fixed;
};

Session make_session(comm::Communicator& comm, const Case& what, int parameters = 5) {
  return {comm, specs(parameters), optim::make_optimizer("adamw", {}),
          Session::Options{.lanes = all_lanes,
                           .reduction = what.reduction,
                           .bucket_bytes = 4096,
                           .sharding = what.sharding,
                           .unannounced = what.unannounced}};
}

/// What the ranks are told alike, or nothing.
std::string complaint_of(Session& session) {
  try {
    session.step(0.1F);
  } catch (const AgreedError& e) {
    EXPECT_EQ(e.code(), ExitCode::internal);
    return e.what();
  }
  return {};
}

bool all(std::size_t, std::size_t) {
  return true;
}

TEST(Unannounced, a_parameter_of_no_lane_is_named_alike_on_any_ranks_before_anything_changes) {
  const auto skips_two = [](std::size_t, std::size_t p) { return p != 1 && p != 3; };
  for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero1, grad::Sharding::zero2}) {
    for (const auto reduction : {grad::Reduction::fast, grad::Reduction::fixed}) {
      for (const int ranks : {1, 2, 3, 6}) {
        comm::run_ranks(
            ranks,
            [&](comm::Communicator& comm) {
              Session session = make_session(comm, {.sharding = sharding, .reduction = reduction});
              run_lanes(session, all);
              session.step(0.1F);
              const std::uint64_t before = session.arena().values_hash();

              run_lanes(session, skips_two);
              const std::string complaint = complaint_of(session);

              EXPECT_THAT(complaint, HasSubstr("of 'layer1', 'layer3' after 1 steps:"));
              EXPECT_THAT(complaint, HasSubstr("ready()"));
              EXPECT_EQ(session.arena().values_hash(), before);
              EXPECT_EQ(session.applied_steps(), 1U);
              run_lanes(session, all);
              EXPECT_TRUE(session.step(0.1F).applied) << "the session goes on";
            },
            {}, 2);
      }
    }
  }
}

TEST(Unannounced, what_one_lane_announces_is_zero_in_the_others) {
  // Every lane leaves out another parameter, so that none announces all.
  const auto all_but_one = [](std::size_t lane, std::size_t p) { return p != lane % 5; };
  std::vector<std::uint64_t> hashes;
  for (const auto unannounced : {Unannounced::error, Unannounced::zero}) {
    for (const int ranks : {1, 2, 3, 6}) {
      comm::run_ranks(ranks, [&](comm::Communicator& comm) {
        Session session = make_session(comm, {.unannounced = unannounced});
        run_lanes(session, all_but_one);
        EXPECT_TRUE(session.step(0.1F).applied);
        if (is_root(comm)) hashes.push_back(session.arena().values_hash());
      });
    }
  }
  EXPECT_THAT(hashes, testing::Each(hashes[0]));
}

TEST(Unannounced, layers_that_a_step_does_not_touch_have_zero_gradients_if_so_chosen) {
  const auto skips_one = [](std::size_t, std::size_t p) { return p != 2; };
  comm::run_ranks(3, [&](comm::Communicator& comm) {
    Session session = make_session(comm, {.unannounced = Unannounced::zero});
    run_lanes(session, skips_one);

    EXPECT_TRUE(session.step(0.1F).applied);
    EXPECT_EQ(session.grad_norm(2), 0);
    EXPECT_GT(session.grad_norm(1), 0);
  });
}

TEST(Unannounced, a_step_without_weight_asks_for_nothing) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Session session = make_session(comm, {});
    run_lanes(
        session, [](std::size_t, std::size_t) { return false; }, 0);

    EXPECT_FALSE(session.step(0.1F).applied);
  });
}

TEST(Unannounced, many_names_are_counted) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Session session = make_session(comm, {}, 20);
    run_lanes(session, [](std::size_t, std::size_t p) { return p >= 12; });

    const std::string complaint = complaint_of(session);

    EXPECT_THAT(complaint, HasSubstr("'layer7' and 4 more"));
    EXPECT_THAT(complaint, Not(HasSubstr("'layer8'")));
  });
}

/// Messages that rank 0 of two on two nodes sends in one step.
std::size_t messages_of(Unannounced unannounced, const Touches& touches) {
  std::vector<std::unique_ptr<comm::Transport>> plain(2);
  // A rank looks at its own only: the other's goes with its communicator.
  std::vector<const test::CountingTransport*> counting(2);
  const auto wrap = [&](std::unique_ptr<comm::Transport> transport) {
    const auto rank = static_cast<std::size_t>(transport->rank());
    plain[rank] = std::move(transport);
    auto wrapped = std::make_unique<test::CountingTransport>(*plain[rank]);
    counting[rank] = wrapped.get();
    return wrapped;
  };
  std::size_t messages = 0;
  const auto body = [&](comm::Communicator& comm) {
    Session session = make_session(comm, {.unannounced = unannounced});
    run_lanes(session, touches);
    session.step(0.1F);
    if (comm.rank() == 0) messages = counting[0]->messages_sent();
  };
  test::run_on_nodes({0, 1}, body, {}, wrap);
  return messages;
}

TEST(Unannounced, one_lane_that_announces_all_spares_every_message_about_it) {
  const auto all_in_one_lane = [](std::size_t lane, std::size_t p) { return lane == 4 || p != 2; };
  const auto all_but_one = [](std::size_t lane, std::size_t p) { return p != lane % 5; };

  EXPECT_EQ(messages_of(Unannounced::error, all_in_one_lane),
            messages_of(Unannounced::zero, all_in_one_lane));
  EXPECT_GT(messages_of(Unannounced::error, all_but_one),
            messages_of(Unannounced::zero, all_but_one));
}

}  // namespace
}  // namespace rondo::train
