# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# rondo_require(<package> DEBIAN <debian package> [<arguments of find_package>...])
#   find_package whose failure names what to install.
macro(rondo_require package)
  cmake_parse_arguments(_require "" "DEBIAN" "" ${ARGN})
  find_package(${package} QUIET ${_require_UNPARSED_ARGUMENTS})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "rondo needs ${package}: install Debian's package ${_require_DEBIAN} "
      "(apt-get install ${_require_DEBIAN}), or run lib/cmake/setup, which installs all of them")
  endif()
endmacro()

set(HDF5_PREFER_PARALLEL ON)
rondo_require(Threads DEBIAN libc6-dev)
rondo_require(MPI DEBIAN libopenmpi-dev COMPONENTS CXX)
rondo_require(fmt DEBIAN libfmt-dev)
rondo_require(nlohmann_json DEBIAN nlohmann-json3-dev)
