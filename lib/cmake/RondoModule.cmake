# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# tests/architecture builds its target all_verify_interface_header_sets.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

# Warnings and language settings of everything built here; nothing of it reaches a consumer.
add_library(rondo_flags INTERFACE)
target_compile_features(rondo_flags INTERFACE cxx_std_20)
target_compile_options(rondo_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  $<$<BOOL:${RONDO_WERROR}>:-Werror>)

# rondo_add_module(<name> HEADERS <file>... SOURCES <file>...
#                  [DEPENDS <target>...] [PRIVATE_DEPENDS <target>...])
#   The static library rondo_<name>, alias rondo::<name>. HEADERS are paths below include/rondo/<name>/,
#   SOURCES below the calling folder. DEPENDS reach the users of the module, PRIVATE_DEPENDS do not.
function(rondo_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;DEPENDS;PRIVATE_DEPENDS")
  set(include_dir ${PROJECT_SOURCE_DIR}/include)
  list(TRANSFORM arg_HEADERS PREPEND ${include_dir}/rondo/${name}/)
  add_library(rondo_${name} STATIC)
  add_library(rondo::${name} ALIAS rondo_${name})
  target_sources(rondo_${name}
    PRIVATE ${arg_SOURCES}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${include_dir} FILES ${arg_HEADERS})
  target_include_directories(rondo_${name} PRIVATE ${PROJECT_SOURCE_DIR}/lib)
  target_compile_features(rondo_${name} PUBLIC cxx_std_20)
  target_link_libraries(rondo_${name}
    PUBLIC ${arg_DEPENDS}
    PRIVATE ${arg_PRIVATE_DEPENDS} $<BUILD_INTERFACE:rondo_flags>)
  set_target_properties(rondo_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  rondo_precompile(rondo_${name} AS library)
  set_property(GLOBAL APPEND PROPERTY RONDO_MODULES ${name})
endfunction()
