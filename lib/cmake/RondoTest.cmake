# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
include_guard()

# What Open MPI needs to start more ranks than cores, and to start as root at all.
set(RONDO_MPIEXEC_FLAGS --oversubscribe --mca mpi_yield_when_idle 1
  CACHE STRING "Flags of mpirun in the tests")
set(RONDO_MPI_ENVIRONMENT OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1)

# Tests take longer to compile than to run at -O3. Under sanitizers GCC warns of what cannot be.
set(RONDO_TEST_FLAGS "" CACHE STRING "Flags for the sources of tests, behind all others")

# What the sanitizers' presets build: the tests with the label "unit", and those of them with "threads".
add_custom_target(rondo_unit_tests)
add_custom_target(rondo_thread_tests)
# The tests of a build with CUDA: those with the label "cuda", which need no GPU, and those with "gpu".
add_custom_target(rondo_cuda_tests)
# Of them, those with "gpu".
add_custom_target(rondo_gpu_tests)
# What the preset "mpich" builds: all of rondo_add_mpi_test.
add_custom_target(rondo_mpi_tests)

# rondo_add_test(<name> SOURCES <file>... [LIBS <target>...] [LABELS <label>...])
#   A GoogleTest program that is run without a launcher. It is labelled "unit", unless it has the label
#   "mpi", as those have that start mpirun themselves. Label "threads": also run under TSan; "cuda": of a
#   build with CUDA, but needs no GPU.
function(rondo_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS;LABELS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} rondo_flags GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${RONDO_TEST_FLAGS})
  rondo_precompile(${name} AS test)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT "mpi" IN_LIST arg_LABELS)
    list(PREPEND arg_LABELS unit)
    add_dependencies(rondo_unit_tests ${name})
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 LABELS "${arg_LABELS}"
    ENVIRONMENT "${RONDO_MPI_ENVIRONMENT}")
  if("cuda" IN_LIST arg_LABELS)
    add_dependencies(rondo_cuda_tests ${name})
  endif()
  if("threads" IN_LIST arg_LABELS)
    add_dependencies(rondo_thread_tests ${name})
  endif()
endfunction()

# rondo_add_gpu_test(<module> SOURCES <file>... [MODULES <module>...] [LIBS <target>...])
#   A test of GPU code, with those modules besides base that have some, and other libraries. In a build with CUDA it is <module>_gpu_test, labelled
#   "gpu", on tests/support/gpu_main.cpp: skipped with a reason where there is no GPU, one at a time where there
#   is. In a build without it is <module>_emulated_test, labelled "cuda-emulated", on tests/cuda/emulation.
function(rondo_add_gpu_test module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;MODULES;LIBS")
  list(PREPEND arg_MODULES base)
  list(TRANSFORM arg_MODULES PREPEND rondo:: OUTPUT_VARIABLE libs)
  if(NOT RONDO_WITH_CUDA)
    list(TRANSFORM arg_MODULES REPLACE "(.+)" "rondo_\\1_emulated" OUTPUT_VARIABLE emulated)
    rondo_add_test(${module}_emulated_test SOURCES ${arg_SOURCES}
      LIBS rondo_cuda_emulation ${emulated} ${libs} ${arg_LIBS} LABELS cuda-emulated)
    return()
  endif()
  set(name ${module}_gpu_test)
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/gpu_main.cpp
    ${PROJECT_SOURCE_DIR}/tests/support/needs_gpu.cpp)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(${name} PRIVATE ${libs} ${arg_LIBS} rondo_flags GTest::gmock GTest::gtest)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS gpu RESOURCE_LOCK gpu SKIP_RETURN_CODE 77)
  add_dependencies(rondo_cuda_tests ${name})
  add_dependencies(rondo_gpu_tests ${name})
endfunction()

# rondo_add_gpu_mpi_test(<name> RANKS <n>... SOURCES <file>... MODULES <module>... [LIBS <target>...])
#   As rondo_add_mpi_test, of GPU code: of those modules, base among them, that have some. The label is "gpu" or
#   "cuda-emulated", and it is skipped, as with rondo_add_gpu_test; ranks share GPUs where there are too few.
#   gpu-check knows it by its name: <...>_device_mpi_test.
function(rondo_add_gpu_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "RANKS;SOURCES;MODULES;LIBS")
  list(PREPEND arg_MODULES base)
  list(TRANSFORM arg_MODULES PREPEND rondo:: OUTPUT_VARIABLE libs)
  list(TRANSFORM arg_MODULES REPLACE "(.+)" "rondo_\\1_emulated" OUTPUT_VARIABLE emulated)
  if(RONDO_WITH_CUDA)
    rondo_add_mpi_test(${name} RANKS ${arg_RANKS} SOURCES ${arg_SOURCES}
      ${PROJECT_SOURCE_DIR}/tests/support/needs_gpu.cpp LIBS ${libs} ${arg_LIBS} LABELS gpu)
    list(TRANSFORM arg_RANKS PREPEND ${name}/np OUTPUT_VARIABLE tests)
    set_tests_properties(${tests} PROPERTIES RESOURCE_LOCK gpu SKIP_RETURN_CODE 77)
    add_dependencies(rondo_cuda_tests ${name})
    add_dependencies(rondo_gpu_tests ${name})
  else()
    rondo_add_mpi_test(${name} RANKS ${arg_RANKS} SOURCES ${arg_SOURCES}
      LIBS rondo_cuda_emulation ${emulated} ${libs} ${arg_LIBS} LABELS cuda-emulated)
    # The emulated GPU's memory is the host's, which every MPI takes.
    list(TRANSFORM arg_RANKS PREPEND ${name}/np OUTPUT_VARIABLE tests)
    set_property(TEST ${tests} APPEND PROPERTY ENVIRONMENT RONDO_CUDA_AWARE=1)
  endif()
endfunction()

# rondo_name_program(<test> <macro> <program>)
#   The test runs that target; the macro is its path, quoted for the shell.
function(rondo_name_program test macro program)
  target_compile_definitions(${test} PRIVATE "${macro}=\"\\\"$<TARGET_FILE:${program}>\\\"\"")
  add_dependencies(${test} ${program})
endfunction()

# rondo_add_mpi_test(<name> RANKS <n>... SOURCES <file>... [LIBS <target>...] [LABELS <label>...])
#   One program on tests/support/mpi_main.cpp, registered once per rank count as <name>/np<n>.
function(rondo_add_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "RANKS;SOURCES;LIBS;LABELS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} rondo_mpi_main rondo_flags GTest::gmock)
  target_compile_options(${name} PRIVATE ${RONDO_TEST_FLAGS})
  rondo_precompile(${name} AS test)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_dependencies(rondo_mpi_tests ${name})
  foreach(n IN LISTS arg_RANKS)
    add_test(NAME ${name}/np${n}
      COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n} ${RONDO_MPIEXEC_FLAGS}
              $<TARGET_FILE:${name}>)
    set_tests_properties(${name}/np${n} PROPERTIES TIMEOUT 300 PROCESSORS ${n}
      LABELS "mpi;${arg_LABELS}" ENVIRONMENT "${RONDO_MPI_ENVIRONMENT}")
  endforeach()
endfunction()

# rondo_add_cluster_test(<name> HOSTS <n> RANKS_PER_HOST <n> [OPTIONS <option>...] [LABELS <label>...]
#                        COMMAND <program> [<argument>...])
#   The command on every rank of a cluster of virtual hosts, registered as <name>/<hosts>x<ranks per host>;
#   the options are those of tests/cluster/virtual-hosts. Skipped where the machine does not allow them.
function(rondo_add_cluster_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HOSTS;RANKS_PER_HOST" "OPTIONS;LABELS;COMMAND")
  math(EXPR ranks "${arg_HOSTS} * ${arg_RANKS_PER_HOST}")
  set(test ${name}/${arg_HOSTS}x${arg_RANKS_PER_HOST})
  add_test(NAME ${test}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/cluster/virtual-hosts --mpirun ${MPIEXEC_EXECUTABLE}
            --hosts ${arg_HOSTS} --ranks-per-host ${arg_RANKS_PER_HOST} ${arg_OPTIONS}
            -- ${arg_COMMAND})
  set_tests_properties(${test} PROPERTIES TIMEOUT 300 PROCESSORS ${ranks} SKIP_RETURN_CODE 77
    LABELS "cluster;${arg_LABELS}" ENVIRONMENT "${RONDO_MPI_ENVIRONMENT}")
endfunction()
