# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# Off by default: a source that forgets to include one of these headers compiles only with it.
option(RONDO_PRECOMPILE "Parse the headers that nearly every source includes once, not once a source" OFF)

set(rondo_precompiled_headers
  <algorithm> <array> <chrono> <cmath> <cstddef> <cstdint> <cstring> <filesystem> <fstream> <functional>
  <limits> <map> <memory> <optional> <span> <string> <string_view> <utility> <vector> <fmt/format.h>)

# rondo_precompile(<target> AS library|program|test)
#   The compiler takes a precompiled header only with the flags that made it: one for each kind of target.
function(rondo_precompile target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "AS" "")
  if(RONDO_PRECOMPILE)
    rondo_add_precompiled(${arg_AS})
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:fmt::fmt>)  # its macros are such flags
    target_precompile_headers(${target} REUSE_FROM rondo_precompiled_${arg_AS})
  endif()
endfunction()

function(rondo_add_precompiled kind)
  set(target rondo_precompiled_${kind})
  if(TARGET ${target})
    return()
  endif()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// A target needs a source.\n")
  add_library(${target} OBJECT ${source})
  target_link_libraries(${target} PRIVATE rondo_flags fmt::fmt)
  target_precompile_headers(${target} PRIVATE ${rondo_precompiled_headers})
  if(kind STREQUAL library)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  elseif(kind STREQUAL test)
    target_link_libraries(${target} PRIVATE GTest::gmock)
    target_compile_options(${target} PRIVATE ${RONDO_TEST_FLAGS})
    target_precompile_headers(${target} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endfunction()
