# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# rondo_print_summary(): what was found and what will be built, in one block.
function(rondo_print_summary)
  get_property(found GLOBAL PROPERTY RONDO_FOUND)
  list(REMOVE_DUPLICATES found)
  list(JOIN found ", " found)
  get_property(modules GLOBAL PROPERTY RONDO_MODULES)
  list(JOIN modules " " modules)
  message(STATUS "rondo ${PROJECT_VERSION}")
  message(STATUS "  compiler    ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}, ${CMAKE_BUILD_TYPE}")
  message(STATUS "  found       ${found}")
  message(STATUS "  launcher    ${MPIEXEC_EXECUTABLE}")
  message(STATUS "  modules     ${modules}")
  message(STATUS "  CPU layers  oneDNN ${RONDO_WITH_ONEDNN}, CUDA ${RONDO_WITH_CUDA}")
  message(STATUS "  bindings    hwloc ${RONDO_WITH_HWLOC}")
  message(STATUS "  also        apps ${RONDO_BUILD_APPS}, benchmarks ${RONDO_BUILD_BENCHMARKS}, tests ${RONDO_BUILD_TESTS}")
endfunction()
