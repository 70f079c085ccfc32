// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace rondo {

/// Whether this library was built with CUDA. Without, everything below and all that takes a Device
/// throws a ConfigError that says how to get it.
bool built_with_cuda() noexcept;

/// How many GPUs this process may use.
/// \throws ConfigError  no driver, one too old for this build, or none that works
int device_count();

/// A GPU of this process, by its index among those that the process may use.
///
/// Local. Making one makes it the calling thread's current GPU; other threads say make_current().
class Device {
 public:
  /// \throws ConfigError  as device_count(); no such GPU, or another process holds it exclusively
  explicit Device(int index = 0);

  void make_current() const;

  int index() const noexcept { return index_; }
  const std::string& name() const noexcept { return name_; }
  /// Ten times the version: 90 for an H100.
  int compute_capability() const noexcept { return compute_capability_; }
  int multiprocessors() const noexcept { return multiprocessors_; }
  /// "0000:3b:00": which GPU of its host it is, whatever index a process knows it by.
  const std::string& pci_address() const noexcept { return pci_address_; }
  /// "GPU 0 (NVIDIA H100 at 0000:3b:00)": for errors.
  std::string text() const {
    return "GPU " + std::to_string(index_) + " (" + name_ + " at " + pci_address_ + ")";
  }

  std::size_t total_bytes() const;
  /// What no process has taken at this moment.
  std::size_t free_bytes() const;

 private:
  int index_;
  std::string name_;
  std::string pci_address_;
  int compute_capability_ = 0;
  int multiprocessors_ = 0;
};

}  // namespace rondo
