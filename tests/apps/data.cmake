# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
rondo_add_test(data_cli_test SOURCES data_audit_test.cpp data_convert_test.cpp data_formats_test.cpp
          data_inspect_test.cpp
  LIBS rondo_test_programs rondo::checkpoint rondo::data fmt::fmt nlohmann_json::nlohmann_json)
rondo_name_program(data_cli_test RONDO_DATA_PROGRAM rondo-data)
rondo_add_test(data_hostile_test SOURCES data_hostile_test.cpp
  LIBS rondo_test_programs fmt::fmt HDF5::HDF5 MPI::MPI_CXX)
rondo_name_program(data_hostile_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(data_hostile_test RONDO_DATA_PROGRAM rondo-data)

rondo_add_test(data_pictures_test SOURCES data_pictures_test.cpp
  LIBS rondo_data_sources rondo::data PNG::PNG JPEG::JPEG)

find_program(RONDO_PYTHON python3)
if(RONDO_PYTHON)
  add_test(NAME data_h5py COMMAND ${RONDO_PYTHON} ${PROJECT_SOURCE_DIR}/tests/data/h5py_test $<TARGET_FILE:rondo-data>)
  set_tests_properties(data_h5py PROPERTIES SKIP_RETURN_CODE 77 LABELS "unit" ENVIRONMENT "${RONDO_MPI_ENVIRONMENT}")
endif()
rondo_add_test(data_tools_test SOURCES data_doctor_test.cpp data_rechunk_test.cpp data_verify_test.cpp
  LIBS rondo_test_programs rondo::data fmt::fmt nlohmann_json::nlohmann_json HDF5::HDF5 MPI::MPI_CXX)
rondo_name_program(data_tools_test RONDO_DATA_PROGRAM rondo-data)
