// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/check.hpp"

#include <fmt/format.h>

namespace rondo::cuda {
namespace {

/// Who can do something about an error.
enum class Blame { machine, hardware, program };

struct Advice {
  Blame blame;
  const char* text;
};

Advice advice_for(cudaError_t code) {
  switch (code) {
    case cudaErrorNoDevice:
      return {Blame::machine, "no GPU is visible: see nvidia-smi and CUDA_VISIBLE_DEVICES"};
    case cudaErrorInvalidDevice:
      return {Blame::machine, "ask for a GPU that this process may use (CUDA_VISIBLE_DEVICES)"};
    case cudaErrorDevicesUnavailable:
      return {Blame::machine,
              "another process holds the GPU: end it, or start one rank a GPU (nvidia-smi shows "
              "processes and the compute mode)"};
    case cudaErrorSystemNotReady:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
    case cudaErrorStubLibrary:
    case cudaErrorInitializationError:
      return {Blame::machine, "repair the NVIDIA driver: nvidia-smi should list the GPU"};
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
      return {
          Blame::machine,
          "this build has no kernels for the GPU: build with -DCMAKE_CUDA_ARCHITECTURES=native"};
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorHardwareStackError:
    case cudaErrorContained:
      return {Blame::hardware, "the GPU is faulty: start again with --resume, on another one"};
    case cudaErrorUnknown:
      return {Blame::hardware,
              "the GPU may be lost (Xid in the system's log): start again with --resume, on "
              "another one"};
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorLaunchFailure:
    case cudaErrorAssert:
      return {Blame::program,
              "a kernel is wrong, or was given wrong sizes: run again with "
              "RONDO_DEVICE_FAULTS=every_launch or under compute-sanitizer to see which"};
    default: return {Blame::program, "see nvidia-smi and the system's log for the GPU's state"};
  }
}

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

/// 0 without a driver, which the runtime calls one that is too old.
int driver_version() {
  int version = 0;
  return cudaDriverGetVersion(&version) == cudaSuccess ? version : 0;
}

[[noreturn]] void fail(cudaError_t code, std::string_view call, const std::string& place,
                       Where where) {
  const std::string problem =
      fmt::format("{}: {} ({}){}", call, cudaGetErrorString(code), cudaGetErrorName(code), place);
  if (code == cudaErrorInsufficientDriver)
    throw ConfigError(
        fmt::format("{}: {}", problem, old_driver_text(driver_version(), CUDART_VERSION)), where);
  const auto [blame, advice] = advice_for(code);
  const std::string what = fmt::format("{}: {}", problem, advice);
  if (blame == Blame::machine) throw ConfigError(what, where);
  throw DeviceError(what, blame == Blame::hardware ? ExitCode::requeue : ExitCode::internal, where);
}

std::string bytes_text(std::size_t bytes) {
  return fmt::format("{:.2f} GiB ({} bytes)", static_cast<double>(bytes) / 0x1p30, bytes);
}

}  // namespace

void check(cudaError_t code, std::string_view call, Where where) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // or the next check of a kernel's start would find it again
  fail(code, call, "", where);
}

void check(cudaError_t code, std::string_view call, const LaunchTrail& trail, Where where) {
  if (code == cudaSuccess) return;
  cudaGetLastError();
  fail(code, call, " " + trail.text(), where);
}

std::string old_driver_text(int served, int needed) {
  if (served == 0)
    return "there is no NVIDIA driver here (libcuda.so.1): run on a machine with a GPU, or on the "
           "CPU";
  return fmt::format(
      "the NVIDIA driver serves CUDA {}, this build needs {}: install a newer driver, or build "
      "with an older toolkit",
      version_text(served), version_text(needed));
}

std::string out_of_memory_text(std::string_view name, std::size_t asked, std::size_t free,
                               std::size_t total) {
  return fmt::format(
      "the GPU's memory does not suffice for {}: {} asked, {} free of {}: use smaller lanes or a "
      "smaller model, shard the optimizer's state, or end other programs on the GPU",
      name, bytes_text(asked), bytes_text(free), bytes_text(total));
}

}  // namespace rondo::cuda
