// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/compression_state.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "grad/compression_checks.hpp"

namespace rondo::grad {
namespace {

/// What `ranks` ranks have after three steps, and the sum of their residuals.
struct Stopped {
  SavedState state;
  std::vector<double> residuals;
};

Stopped stop_after_three_steps(int ranks, std::string_view name) {
  Stopped stopped;
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    const auto layout = test::mixed_layout();
    const auto compressor = make_compressor(name, test::small_options(), layout.parameters);
    for (std::uint64_t number = 0; number < 3; ++number)
      test::step(comm, *compressor, layout, number);
    auto residuals = test::residual_sum(comm, *compressor, layout);
    auto state = gather_state(comm, *compressor);
    if (comm::is_root(comm)) stopped = {std::move(state), std::move(residuals)};
  });
  return stopped;
}

const SavedState& on_root(const comm::Communicator& comm, const Stopped& stopped) {
  static const SavedState nothing;
  return comm::is_root(comm) ? stopped.state : nothing;
}

TEST(CompressionState, continues_bit_for_bit_on_as_many_ranks) {
  for (const auto name : compression_names()) {
    const Stopped stopped = stop_after_three_steps(3, name);
    comm::run_ranks(3, [&](comm::Communicator& comm) {
      const auto layout = test::mixed_layout();
      const auto straight = make_compressor(name, test::small_options(), layout.parameters);
      for (std::uint64_t number = 0; number < 3; ++number)
        test::step(comm, *straight, layout, number);
      const auto resumed = make_compressor(name, test::small_options(), layout.parameters);

      scatter_state(comm, on_root(comm, stopped), *resumed);

      for (std::uint64_t number = 3; number < 6; ++number)
        EXPECT_EQ(test::step(comm, *resumed, layout, number),
                  test::step(comm, *straight, layout, number))
            << name << " step " << number;
    });
  }
}

TEST(CompressionState, loses_nothing_on_another_number_of_ranks) {
  for (const auto name : compression_names()) {
    const Stopped stopped = stop_after_three_steps(3, name);
    for (const int ranks : {1, 2, 4}) {
      comm::run_ranks(ranks, [&](comm::Communicator& comm) {
        const auto layout = test::mixed_layout();
        const auto compressor = make_compressor(name, test::small_options(), layout.parameters);

        scatter_state(comm, on_root(comm, stopped), *compressor);

        const auto residuals = test::residual_sum(comm, *compressor, layout);
        for (std::size_t i = 0; i < residuals.size(); ++i)
          EXPECT_NEAR(residuals[i], stopped.residuals[i], 1e-6) << name << " at " << i;
      });
    }
  }
}

TEST(CompressionState, is_blank_in_the_shape_of_what_was_saved) {
  for (const auto name : compression_names()) {
    const Stopped stopped = stop_after_three_steps(2, name);
    const auto layout = test::mixed_layout();
    const auto compressor = make_compressor(name, test::small_options(), layout.parameters);

    const SavedState blank = blank_state(*compressor, 2);

    ASSERT_EQ(blank.tensors.size(), stopped.state.tensors.size());
    for (std::size_t i = 0; i < blank.tensors.size(); ++i) {
      EXPECT_EQ(blank.tensors[i].name, stopped.state.tensors[i].name);
      EXPECT_EQ(blank.tensors[i].shape, stopped.state.tensors[i].shape);
    }
  }
}

TEST(CompressionState, refuses_the_state_of_another_compressor) {
  const Stopped stopped = stop_after_three_steps(1, "int8");

  comm::run_ranks(2, [&](comm::Communicator& comm) {
    const auto compressor =
        make_compressor("powersgd", test::small_options(), test::mixed_layout().parameters);

    EXPECT_THROW(scatter_state(comm, stopped.state, *compressor), AgreedError);
    EXPECT_THROW(blank_state(*compressor, 0), UsageError);
  });
}

}  // namespace
}  // namespace rondo::grad
