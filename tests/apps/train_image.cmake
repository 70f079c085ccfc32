# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
add_library(rondo_test_programs STATIC ../support/run_program.cpp ../support/idx_files.cpp)
target_include_directories(rondo_test_programs PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_compile_definitions(rondo_test_programs
  PRIVATE RONDO_MPIRUN="${MPIEXEC_EXECUTABLE} ${mpiexec_flags}")
target_link_libraries(rondo_test_programs PUBLIC rondo::base PRIVATE fmt::fmt rondo_flags)

rondo_add_test(run_program_test SOURCES ../support/run_program_test.cpp LIBS rondo_test_programs)

# Trainings of a few small steps wait for mpirun more than they compute: each takes one core for CTest,
# but those that judge how long something took have all of them.
foreach(test train_image_test train_image_resume_test train_image_failure_test train_image_writers_test)
  rondo_add_test(${test} LABELS mpi SOURCES ${test}.cpp
    LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
  rondo_name_program(${test} RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
  rondo_name_program(${test} RONDO_CKPT_PROGRAM rondo-ckpt)
  rondo_name_program(${test} RONDO_DATA_PROGRAM rondo-data)
  set_tests_properties(${test} PROPERTIES TIMEOUT 600)
endforeach()
set_tests_properties(train_image_failure_test PROPERTIES PROCESSORS 2)
rondo_name_program(train_image_failure_test RONDO_SLOW_READS rondo_slow_reads)
rondo_name_program(train_image_writers_test RONDO_FAULT_SHIM rondo_fault_shim)

rondo_add_test(train_image_data_test LABELS mpi
  SOURCES train_image_changed_file_test.cpp train_image_data_test.cpp train_image_foreign_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt HDF5::HDF5 MPI::MPI_CXX)
rondo_name_program(train_image_data_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_image_data_test RONDO_DATA_PROGRAM rondo-data)
# The longest of all tests: COST lets CTest start it first.
set_tests_properties(train_image_data_test PROPERTIES TIMEOUT 600 COST 100)

rondo_add_test(train_audit_test LABELS mpi SOURCES train_audit_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(train_audit_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_audit_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(train_audit_test PROPERTIES TIMEOUT 300)

rondo_add_test(train_image_damage_test LABELS mpi SOURCES train_image_damage_test.cpp
  LIBS rondo_test_programs rondo::checkpoint nlohmann_json::nlohmann_json fmt::fmt HDF5::HDF5
    MPI::MPI_CXX)
rondo_name_program(train_image_damage_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_image_damage_test RONDO_CKPT_PROGRAM rondo-ckpt)
rondo_name_program(train_image_damage_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(train_image_damage_test PROPERTIES TIMEOUT 600)

rondo_add_test(train_image_forged_test LABELS mpi SOURCES train_image_forged_test.cpp forged_checkpoint.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt HDF5::HDF5 MPI::MPI_CXX)
rondo_name_program(train_image_forged_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_image_forged_test RONDO_CKPT_PROGRAM rondo-ckpt)
rondo_name_program(train_image_forged_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(train_image_forged_test PROPERTIES TIMEOUT 600)

# The trainer on the emulated CUDA, whose GPU all ranks share.
if(NOT RONDO_WITH_CUDA)
  get_target_property(sources rondo-train-image SOURCES)
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/apps/train_image/)
  set(emulated rondo_cuda_emulation)
  foreach(module base comm data grad nn optim precision)
    list(APPEND emulated rondo_${module}_emulated)
  endforeach()
  add_executable(rondo-train-image-emulated ${sources})
  target_include_directories(rondo-train-image-emulated PRIVATE ${PROJECT_SOURCE_DIR}/apps)
  target_link_libraries(rondo-train-image-emulated
    PRIVATE ${emulated} rondo_apps_common rondo::rondo fmt::fmt nlohmann_json::nlohmann_json rondo_flags)
  rondo_add_test(train_image_device_test LABELS mpi cuda-emulated SOURCES train_image_device_test.cpp
    LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
  rondo_name_program(train_image_device_test RONDO_EMULATED_TRAIN_IMAGE_PROGRAM rondo-train-image-emulated)
  rondo_name_program(train_image_device_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
  rondo_name_program(train_image_device_test RONDO_CKPT_PROGRAM rondo-ckpt)
  rondo_name_program(train_image_device_test RONDO_DATA_PROGRAM rondo-data)
  set_tests_properties(train_image_device_test PROPERTIES TIMEOUT 600)
endif()
