# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
# A job's life: one directory for one job, stops, wall time.
rondo_add_test(train_job_test SOURCES train_job_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(train_job_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_job_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(train_job_test PROPERTIES TIMEOUT 300 PROCESSORS 2 LABELS "mpi")

