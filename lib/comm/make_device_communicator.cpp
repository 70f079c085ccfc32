// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/make_device_communicator.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/host_name.hpp"
#include "rondo/comm/agree.hpp"

#include "comm/cuda_aware/cuda_aware_communicator.hpp"
#include "comm/device_wait.hpp"
#include "comm/host_staged/host_staged_communicator.hpp"
#include "comm/nccl/nccl_communicator.hpp"

namespace rondo::comm {
namespace {

/// The first that takes several ranks on one GPU, if it is told to.
constexpr int sharing_version = 23000;

std::array<char, 64> own_host() {
  std::array<char, 64> name{};
  host_name().copy(name.data(), name.size() - 1);
  return name;
}

bool is_sharing_allowed() {
  const char* const wish =
      std::getenv("NCCL_MULTI_RANK_GPU_ENABLE");  // NOLINT(concurrency-mt-unsafe)
  return wish != nullptr && std::string_view(wish) == "1";
}

/// Whether the host's messages take GPU memory. \throws ConfigError  RONDO_CUDA_AWARE is neither
bool is_cuda_aware(const Communicator& host) {
  const char* const wish = std::getenv("RONDO_CUDA_AWARE");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view said = wish == nullptr ? "" : wish;
  if (said.empty()) return host.takes_device_memory();
  if (said != "0" && said != "1")
    throw ConfigError(
        fmt::format("RONDO_CUDA_AWARE is '{}': set it to 1 where MPI takes GPU "
                    "memory, to 0 where it does not, or not at all",
                    said));
  return said == "1";
}

bool wants_nccl(DevicePath wish) {
  return wish == DevicePath::automatic || wish == DevicePath::nccl;
}

std::string version_text(int version) {
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

/// By rank. Collective.
template <class T>
std::vector<T> gathered(Communicator& host, const T& own) {
  std::vector<T> all(static_cast<std::size_t>(host.size()));
  allgather(host, std::as_bytes(std::span(&own, 1)), std::as_writable_bytes(std::span(all)));
  return all;
}

struct SharedGpu {
  std::size_t one;
  std::size_t other;
};

std::optional<SharedGpu> first_shared(std::span<const DeviceSeat> seats) {
  for (std::size_t other = 0; other < seats.size(); ++other)
    for (std::size_t one = 0; one < other; ++one)
      if (seats[one].node == seats[other].node &&
          seats[one].pci_address == seats[other].pci_address)
        return SharedGpu{one, other};
  return std::nullopt;
}

void require_alike(std::span<const DeviceSeat> seats) {
  for (std::size_t rank = 1; rank < seats.size(); ++rank) {
    if (seats[rank].wish != seats[0].wish)
      throw AgreedError(ExitCode::internal,
                        fmt::format("rank 0 asks for the path {} between GPUs, rank {} for {}: "
                                    "give all ranks the same options",
                                    name_of(seats[0].wish), rank, name_of(seats[rank].wish)));
    if (seats[rank].nccl_version != seats[0].nccl_version)
      throw AgreedError(ExitCode::version_mismatch,
                        fmt::format("rank 0 uses NCCL {}, rank {} uses {}: install the same one "
                                    "on all hosts",
                                    version_text(seats[0].nccl_version), rank,
                                    version_text(seats[rank].nccl_version)));
  }
}

/// Collective.
DeviceSeat own_seat(Communicator& host, const Device& device, DevicePath wish,
                    const nccl::Api& api) {
  DeviceSeat seat{.node = host.place().node, .wish = wish, .shares = is_sharing_allowed()};
  nccl::Session session(api, host.place(), host.time_limit());
  agree_on_success(host, [&] {
    seat.cuda_aware = is_cuda_aware(host);
    if (wants_nccl(wish)) session.check(api.get_version(&seat.nccl_version), "ncclGetVersion");
    device.pci_address().copy(seat.pci_address.data(), seat.pci_address.size() - 1);
  });
  return seat;
}

DeviceView own_view(const Place& place, int devices) {
  return {.node = place.node,
          .node_rank = place.node_rank,
          .node_size = place.node_size,
          .devices = devices,
          .host = own_host()};
}

}  // namespace

DeviceChoice choose_path(std::span<const DeviceSeat> seats) {
  require_alike(seats);
  const DeviceSeat& first = seats[0];
  const auto unaware = std::ranges::find(seats, false, &DeviceSeat::cuda_aware);
  if (first.wish == DevicePath::cuda_aware && unaware != seats.end())
    throw AgreedError(
        ExitCode::configuration,
        fmt::format("rank {} has an MPI that does not say that it takes GPU memory: use one that "
                    "was built with CUDA, another path, or set RONDO_CUDA_AWARE=1 on all ranks if "
                    "it does",
                    unaware - seats.begin()));
  if (!wants_nccl(first.wish)) return {first.wish, "as was asked for"};

  const std::string version = version_text(first.nccl_version);
  const auto shared = first_shared(seats);
  if (!shared) return {DevicePath::nccl, "NCCL " + version};
  const std::string who = fmt::format("ranks {} and {} share the GPU {}", shared->one,
                                      shared->other, seats[shared->one].pci_address.data());
  const bool all_share = std::ranges::all_of(seats, &DeviceSeat::shares);
  if (all_share && first.nccl_version >= sharing_version)
    return {DevicePath::nccl, fmt::format("NCCL {}, which was told to let {}", version, who)};
  if (first.wish == DevicePath::nccl)
    throw AgreedError(
        ExitCode::configuration,
        fmt::format("{}, which NCCL {} refuses: start as many ranks on a host as it has GPUs, use "
                    "the path host_staged, or NCCL 2.30 with NCCL_MULTI_RANK_GPU_ENABLE=1",
                    who, version));
  return {unaware == seats.end() ? DevicePath::cuda_aware : DevicePath::host_staged,
          fmt::format("{}, which NCCL {} refuses", who, version)};
}

int device_index(std::span<const DeviceView> views, int rank) {
  for (const DeviceView& view : views) {
    if (view.devices == 1 || view.node_rank < view.devices) continue;  // its own one, or enough
    throw ConfigError(fmt::format(
        "host {} has {} GPUs for {} ranks: start as many ranks on a host as it has GPUs (and see "
        "CUDA_VISIBLE_DEVICES)",
        view.host.data(), view.devices, view.node_size));
  }
  const DeviceView& own = views[static_cast<std::size_t>(rank)];
  return own.devices == 1 ? 0 : own.node_rank;
}

Device device_of_rank(Communicator& host) {
  int devices = 0;
  agree_on_success(host, [&] { devices = device_count(); });
  const auto views = gathered(host, own_view(host.place(), devices));
  std::optional<Device> device;
  agree_on_success(host, [&] { device.emplace(device_index(views, host.rank())); });
  return *std::move(device);
}

std::unique_ptr<DeviceCommunicator> make_device_communicator(
    Communicator& host, const Device& device, const DeviceCommunicatorOptions& options,
    const nccl::Api& api) {
  const auto seats = gathered(host, own_seat(host, device, options.path, api));
  DeviceChoice choice = choose_path(seats);
  if (choice.path == DevicePath::nccl)
    return std::make_unique<nccl::NcclCommunicator>(
        api, host, device, options.time_limit.value_or(host.time_limit()), std::move(choice.why));
  if (choice.path == DevicePath::cuda_aware)
    return std::make_unique<CudaAwareCommunicator>(host.open_transport(), host.place(), device,
                                                   options.time_limit.value_or(host.time_limit()),
                                                   std::move(choice.why));
  return std::make_unique<HostStagedCommunicator>(host, device, options, std::move(choice.why));
}

std::unique_ptr<DeviceCommunicator> make_device_communicator(
    Communicator& host, const Device& device, const DeviceCommunicatorOptions& options) {
  // NCCL need not be there if nobody wants it.
  static constexpr nccl::Api none{};
  return make_device_communicator(host, device, options,
                                  wants_nccl(options.path) ? nccl::api() : none);
}

}  // namespace rondo::comm
