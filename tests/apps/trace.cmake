# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
rondo_add_test(train_trace_test LABELS mpi SOURCES train_tensorboard_test.cpp train_trace_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(train_trace_test RONDO_TRACE_PROGRAM rondo-trace)
rondo_name_program(train_trace_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_trace_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(train_trace_test PROPERTIES TIMEOUT 300 PROCESSORS 2)
