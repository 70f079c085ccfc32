// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Which GPU a rank uses, and which path joins them.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/make_device_communicator.hpp"
#include "support/fake_nccl.hpp"
#include "support/lazy_gpu.hpp"

namespace rondo::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int nccl_2_28 = 22809;
constexpr int nccl_2_30 = 23003;

DeviceSeat seat(int node, const std::string& pci_address, int version = nccl_2_28) {
  DeviceSeat seat{.node = node, .nccl_version = version};
  pci_address.copy(seat.pci_address.data(), seat.pci_address.size() - 1);
  return seat;
}

std::string agreed_error(const std::vector<DeviceSeat>& seats, ExitCode code) {
  try {
    choose_path(seats);
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "none";
}

TEST(DeviceChoice, takes_nccl_where_every_rank_has_a_gpu_of_its_own) {
  // The same address on another host is another GPU.
  const auto choice = choose_path(std::vector{seat(0, "a"), seat(0, "b"), seat(1, "a")});
  EXPECT_EQ(choice.path, DevicePath::nccl);
  EXPECT_EQ(choice.why, "NCCL 2.28.9");
}

TEST(DeviceChoice, goes_through_the_host_where_two_ranks_share_a_gpu) {
  const auto choice = choose_path(std::vector{seat(0, "a"), seat(0, "b"), seat(0, "a")});
  EXPECT_EQ(choice.path, DevicePath::host_staged);
  EXPECT_EQ(choice.why, "ranks 0 and 2 share the GPU a, which NCCL 2.28.9 refuses");
}

TEST(DeviceChoice, lets_ranks_share_a_gpu_by_nccl_only_where_it_can_and_all_say_so) {
  std::vector seats{seat(0, "a", nccl_2_30), seat(0, "a", nccl_2_30)};
  EXPECT_EQ(choose_path(seats).path, DevicePath::host_staged);
  seats[0].shares = true;
  EXPECT_EQ(choose_path(seats).path, DevicePath::host_staged);
  seats[1].shares = true;
  EXPECT_EQ(choose_path(seats).path, DevicePath::nccl);
  for (auto& each : seats)
    each.nccl_version = nccl_2_28;
  EXPECT_EQ(choose_path(seats).path, DevicePath::host_staged);
}

TEST(DeviceChoice, takes_a_cuda_aware_mpi_where_ranks_share_a_gpu_and_all_have_it) {
  std::vector seats{seat(0, "a"), seat(0, "a"), seat(1, "a")};
  seats[0].cuda_aware = seats[1].cuda_aware = true;
  EXPECT_EQ(choose_path(seats).path, DevicePath::host_staged);
  seats[2].cuda_aware = true;
  const auto choice = choose_path(seats);
  EXPECT_EQ(choice.path, DevicePath::cuda_aware);
  EXPECT_EQ(choice.why, "ranks 0 and 1 share the GPU a, which NCCL 2.28.9 refuses");
  seats[1].pci_address = seat(0, "b").pci_address;
  EXPECT_EQ(choose_path(seats).path, DevicePath::nccl) << "a GPU for each";
}

TEST(DeviceChoice, takes_messages_that_are_asked_for_where_all_have_them) {
  std::vector seats{seat(0, "a"), seat(1, "a")};
  for (auto& each : seats) {
    each.wish = DevicePath::cuda_aware;
    each.cuda_aware = true;
  }
  EXPECT_EQ(choose_path(seats).path, DevicePath::cuda_aware);
  seats[1].cuda_aware = false;
  EXPECT_THAT(agreed_error(seats, ExitCode::configuration),
              AllOf(HasSubstr("rank 1"), HasSubstr("RONDO_CUDA_AWARE=1")));
}

TEST(DeviceChoice, refuses_what_does_not_fit) {
  std::vector seats{seat(0, "a"), seat(0, "a")};
  for (auto& each : seats)
    each.wish = DevicePath::nccl;
  EXPECT_THAT(agreed_error(seats, ExitCode::configuration),
              AllOf(HasSubstr("ranks 0 and 1 share the GPU a"), HasSubstr("host_staged")));
  seats[1].wish = DevicePath::host_staged;
  EXPECT_THAT(agreed_error(seats, ExitCode::internal),
              AllOf(HasSubstr("nccl"), HasSubstr("rank 1 for host_staged")));
  EXPECT_THAT(agreed_error({seat(0, "a"), seat(1, "a", nccl_2_30)}, ExitCode::version_mismatch),
              AllOf(HasSubstr("2.28.9"), HasSubstr("2.30.3")));
}

DeviceView view(int node_rank, int node_size, int devices) {
  DeviceView view{.node_rank = node_rank, .node_size = node_size, .devices = devices};
  std::string("n1").copy(view.host.data(), view.host.size() - 1);
  return view;
}

TEST(DeviceIndex, is_the_place_on_the_node_or_the_only_one) {
  const std::vector views{view(0, 2, 4), view(1, 2, 4), view(0, 2, 1), view(1, 2, 1)};
  EXPECT_EQ(device_index(views, 0), 0);
  EXPECT_EQ(device_index(views, 1), 1);
  EXPECT_EQ(device_index(views, 2), 0);
  EXPECT_EQ(device_index(views, 3), 0);
}

TEST(DeviceIndex, is_refused_on_every_rank_where_one_host_has_too_few) {
  const std::vector views{view(0, 2, 8), view(1, 2, 8), view(0, 3, 2), view(1, 3, 2),
                          view(2, 3, 2)};
  for (int rank = 0; rank < 5; ++rank) {
    try {
      device_index(views, rank);
      ADD_FAILURE() << "rank " << rank << " got a GPU";
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr("host n1 has 2 GPUs for 3 ranks"));
    }
  }
}

TEST(DeviceOfRank, is_agreed) {
  run_ranks(
      4,
      [](Communicator& host) {
        test::lazy_gpus().count = 2;
        EXPECT_EQ(device_of_rank(host).index(), host.rank() % 2);
      },
      {.time_limit = std::chrono::seconds(120)}, 2);
  run_ranks(
      4,
      [](Communicator& host) {
        test::lazy_gpus().count = host.place().node == 0 ? 0 : 2;
        EXPECT_THROW(device_of_rank(host), AgreedError);
      },
      {.time_limit = std::chrono::seconds(120)}, 2);
}

TEST(MakeDeviceCommunicator, says_why_it_goes_through_the_host) {
  run_ranks(
      2,
      [](Communicator& host) {
        Device device;
        const auto comm = make_device_communicator(host, device);
        EXPECT_THAT(comm->explain(), AllOf(HasSubstr("through the host's memory"),
                                           HasSubstr("ranks 0 and 1 share the GPU 0000:01:00")));
      },
      {.time_limit = std::chrono::seconds(120)}, 2);
}

TEST(MakeDeviceCommunicator, tells_all_ranks_of_different_wishes) {
  run_ranks(2, [](Communicator& host) {
    Device device;
    const auto path = is_root(host) ? DevicePath::nccl : DevicePath::host_staged;
    EXPECT_THROW(make_device_communicator(host, device, {.path = path}), AgreedError);
  });
}

}  // namespace
}  // namespace rondo::comm
