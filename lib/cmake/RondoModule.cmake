# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# tests/architecture builds its target all_verify_interface_header_sets.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

# Warnings and language settings of everything built here; nothing of it reaches a consumer.
add_library(rondo_flags INTERFACE)
target_compile_features(rondo_flags INTERFACE cxx_std_20)
set(rondo_warnings -Wall -Wextra -Wconversion -Wnon-virtual-dtor)
target_compile_options(rondo_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${rondo_warnings};-Wpedantic;$<$<BOOL:${RONDO_WERROR}>:-Werror>>")
# In a unity source the names of other files are no mistake.
target_compile_options(rondo_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:$<IF:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>,-Wshadow=local;-Wno-subobject-linkage,-Wshadow>>")

# Kernels give the CPU's bits: no fused multiply-add that is not asked for, subnormals, division and root
# as IEEE 754 has them. Constexpr functions of base's types run on the device too.
if(RONDO_WITH_CUDA)
  list(JOIN rondo_warnings "," rondo_host_warnings)
  set(rondo_cuda_options
    --std=c++20  # CMake 3.25 does not know it as cuda_std_20
    --fmad=false --ftz=false --prec-div=true --prec-sqrt=true --expt-relaxed-constexpr
    -Xcompiler=-ffp-contract=off,${rondo_host_warnings} $<$<BOOL:${RONDO_WERROR}>:-Werror=all-warnings>)
  target_compile_options(rondo_flags INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:${rondo_cuda_options}>")
endif()

# rondo_add_module(<name> HEADERS <file>... SOURCES <file>...
#                  [CUDA_SOURCES <file>...] [NO_CUDA_SOURCES <file>...]
#                  [DEPENDS <target>...] [PRIVATE_DEPENDS <target>...])
#   The static library rondo_<name>, alias rondo::<name>. HEADERS are paths below include/rondo/<name>/,
#   SOURCES below the calling folder. RONDO_WITH_CUDA chooses between CUDA_SOURCES and NO_CUDA_SOURCES,
#   which define the same functions; tests/cuda/emulation has use for the former in both cases. DEPENDS reach the users of the module, PRIVATE_DEPENDS do not.
function(rondo_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" ""
    "HEADERS;SOURCES;CUDA_SOURCES;NO_CUDA_SOURCES;DEPENDS;PRIVATE_DEPENDS")
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
  if(NOT RONDO_WITH_CUDA)
    target_sources(rondo_${name} PRIVATE ${arg_NO_CUDA_SOURCES})
  elseif(arg_CUDA_SOURCES)
    target_sources(rondo_${name} PRIVATE ${arg_CUDA_SOURCES})
    target_link_libraries(rondo_${name} PRIVATE CUDA::cudart_static)
  endif()
  set_target_properties(rondo_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  list(TRANSFORM arg_CUDA_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_target_properties(rondo_${name} PROPERTIES RONDO_CUDA_SOURCES "${arg_CUDA_SOURCES}")
  # A test with the emulated CUDA takes other objects in their place.
  set_source_files_properties(${arg_NO_CUDA_SOURCES} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  # Highway includes such a source again for each instruction set.
  list(FILTER arg_SOURCES INCLUDE REGEX "kernels/")
  set_source_files_properties(${arg_SOURCES} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  rondo_precompile(rondo_${name} AS library)
  set_property(GLOBAL APPEND PROPERTY RONDO_MODULES ${name})
endfunction()
