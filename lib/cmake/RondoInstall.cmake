# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# rondo_install_library(): the modules, their public headers and the package that find_package(rondo) reads.
#   To be called right after lib/: what apps and tests require besides, an installed library does not.
function(rondo_install_library)
  get_property(modules GLOBAL PROPERTY RONDO_MODULES)
  list(TRANSFORM modules PREPEND rondo_ OUTPUT_VARIABLE targets)
  install(TARGETS ${targets} rondo_rondo EXPORT rondo-targets FILE_SET HEADERS)

  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rondo)
  install(EXPORT rondo-targets NAMESPACE rondo:: DESTINATION ${package_dir})
  get_property(required GLOBAL PROPERTY RONDO_REQUIRED)
  list(TRANSFORM required REPLACE "(.+)" "find_dependency(\\1)")
  list(JOIN required "\n" RONDO_FIND_DEPENDENCIES)
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/lib/cmake/rondo-config.cmake.in ${PROJECT_BINARY_DIR}/rondo-config.cmake
    INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/rondo-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/rondo-config.cmake ${PROJECT_BINARY_DIR}/rondo-config-version.cmake
    DESTINATION ${package_dir})
endfunction()

# rondo_install_programs(<target>...): those of them that are built here.
function(rondo_install_programs)
  foreach(program IN LISTS ARGN)
    if(TARGET ${program})
      install(TARGETS ${program})
    endif()
  endforeach()
endfunction()
