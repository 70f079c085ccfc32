# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# rondo_require(<package> DEBIAN <debian package> [<arguments of find_package>...])
#   find_package for the whole project, whose failure names what to install. What lib/ requires, the
#   installed package looks for again (RondoInstall).
macro(rondo_require package)
  cmake_parse_arguments(_require "" "DEBIAN" "" ${ARGN})
  find_package(${package} QUIET GLOBAL ${_require_UNPARSED_ARGUMENTS})
  if(NOT ${package}_FOUND)
    rondo_missing(${package} ${_require_DEBIAN})
  endif()
  list(JOIN _require_UNPARSED_ARGUMENTS " " _require_arguments)
  string(STRIP "${package} ${_require_arguments}" _require_arguments)
  set_property(GLOBAL APPEND PROPERTY RONDO_REQUIRED "${_require_arguments}")
  string(STRIP "${package} ${${package}_VERSION}" _require_found)
  set_property(GLOBAL APPEND PROPERTY RONDO_FOUND "${_require_found}")
endmacro()

# rondo_require_library(<library> DEBIAN <debian package> HEADER <file>)
#   For a library without a CMake package; link it by its name, which is a target here: where it was found counts.
function(rondo_require_library library)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "DEBIAN;HEADER" "")
  find_path(RONDO_${library}_INCLUDE_DIR ${arg_HEADER})
  find_library(RONDO_${library}_LIBRARY ${library})
  mark_as_advanced(RONDO_${library}_INCLUDE_DIR RONDO_${library}_LIBRARY)
  if(NOT RONDO_${library}_INCLUDE_DIR OR NOT RONDO_${library}_LIBRARY)
    rondo_missing(${library} ${arg_DEBIAN})
  endif()
  if(NOT TARGET ${library})
    add_library(${library} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${library} PROPERTIES
      IMPORTED_LOCATION ${RONDO_${library}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${RONDO_${library}_INCLUDE_DIR})
  endif()
  set_property(GLOBAL APPEND PROPERTY RONDO_FOUND ${library})
endfunction()

function(rondo_missing package debian_package)
  message(FATAL_ERROR "rondo needs ${package}, which was not found: install Debian's package "
    "${debian_package} (apt-get install ${debian_package}), or run lib/cmake/setup, which installs all of them")
endfunction()

if(RONDO_WITH_CUDA)
  include(RondoCuda)
endif()

set(HDF5_PREFER_PARALLEL ON)
rondo_require(Threads DEBIAN libc6-dev)
rondo_require(MPI DEBIAN libopenmpi-dev COMPONENTS CXX)
rondo_require(fmt DEBIAN libfmt-dev)
rondo_require(hwy DEBIAN libhwy-dev)
rondo_require(nlohmann_json DEBIAN nlohmann-json3-dev)
