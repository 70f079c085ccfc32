// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

#include "rondo/comm/device_communicator.hpp"

#include "comm/nccl/nccl_api.hpp"

namespace rondo::comm {

/// What a rank tells the others before they choose a path. Travels as bytes.
struct DeviceSeat {
  int node = 0;
  DevicePath wish = DevicePath::automatic;
  bool shares = false;      ///< NCCL was told to take several ranks on one GPU
  bool cuda_aware = false;  ///< messages take GPU memory
  int nccl_version = 0;     ///< as ncclGetVersion() has it
  std::array<char, 32> pci_address{};
};

struct DeviceChoice {
  DevicePath path;  ///< never automatic
  std::string why;
};

/// The path for ranks in those seats. \throws Error  as make_device_communicator()
DeviceChoice choose_path(std::span<const DeviceSeat> seats);

/// What a rank sees of the GPUs of its host. Travels as bytes.
struct DeviceView {
  int node = 0;
  int node_rank = 0;
  int node_size = 1;
  int devices = 0;
  std::array<char, 64> host{};
};

/// The index of the GPU that a rank with that view should use.
/// \throws ConfigError  one of `views`, by rank, has none
int device_index(std::span<const DeviceView> views, int rank);

/// On another NCCL.
std::unique_ptr<DeviceCommunicator> make_device_communicator(
    Communicator& host, const Device& device, const DeviceCommunicatorOptions& options,
    const nccl::Api& api);

}  // namespace rondo::comm
