# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
rondo_add_test(scale_parts_test
  SOURCES scale_attribution_test.cpp scale_figures_test.cpp scale_model_test.cpp
          scale_options_test.cpp
          scale_report_test.cpp
  LIBS rondo_scale_parts)

rondo_add_test(scale_test LABELS mpi SOURCES scale_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(scale_test RONDO_SCALE_PROGRAM rondo-scale)
rondo_name_program(scale_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(scale_test PROPERTIES TIMEOUT 300 PROCESSORS 2)

# What slows a job down, by name: with this library before it, a program reads slowly.
add_library(rondo_slow_reads SHARED ../support/slow_reads.cpp)
target_link_libraries(rondo_slow_reads PRIVATE ${CMAKE_DL_LIBS} rondo_flags)
rondo_add_test(causes_test LABELS mpi cluster SOURCES causes_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(causes_test RONDO_SLOW_READS rondo_slow_reads)
rondo_name_program(causes_test RONDO_SCALE_PROGRAM rondo-scale)
rondo_name_program(causes_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(causes_test RONDO_DATA_PROGRAM rondo-data)
target_compile_definitions(causes_test PRIVATE
  RONDO_VIRTUAL_HOSTS="\\"${PROJECT_SOURCE_DIR}/tests/cluster/virtual-hosts\\" --mpirun ${MPIEXEC_EXECUTABLE}")
set_tests_properties(causes_test PROPERTIES TIMEOUT 300 PROCESSORS 2)
