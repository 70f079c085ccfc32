# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
#
# The language CUDA, its toolkit, cuDNN and NCCL; included where RONDO_WITH_CUDA is ON.
include_guard()
include(CheckLanguage)

# rondo_require_cuda(<package> <version> <what it is>)
macro(rondo_require_cuda package version description)
  find_package(${package} ${version} QUIET GLOBAL)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "RONDO_WITH_CUDA is ON, but ${description} (${version} or newer) was not found: "
      "install it, name its folder by -D${package}_ROOT=..., or set RONDO_WITH_CUDA=OFF")
  endif()
  set_property(GLOBAL APPEND PROPERTY RONDO_FOUND "${package} ${${package}_VERSION}")
endmacro()

# Before the language is enabled, which would choose one itself.
set(CMAKE_CUDA_ARCHITECTURES 80 90 100 CACHE STRING "Compute capabilities to build for: 80 A100, 90 H100 and H200, 100 B200")
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(FATAL_ERROR "RONDO_WITH_CUDA is ON, but CUDA's compiler nvcc was not found: install the CUDA toolkit, "
    "name its compiler by -DCMAKE_CUDA_COMPILER=.../bin/nvcc, or set RONDO_WITH_CUDA=OFF")
endif()
enable_language(CUDA)

rondo_require_cuda(CUDAToolkit 12.8 "the CUDA toolkit")
rondo_require_cuda(cuDNN 9 "NVIDIA's cuDNN")
rondo_require_cuda(NCCL 2.18 "NVIDIA's NCCL")
set_property(GLOBAL APPEND PROPERTY RONDO_REQUIRED "CUDAToolkit")  # by the installed package too
