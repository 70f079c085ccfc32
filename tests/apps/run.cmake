# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
# A job's life: one directory for one job, stops, wall time, restarts.
rondo_add_test(train_job_test LABELS mpi SOURCES train_job_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(train_job_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(train_job_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(train_job_test PROPERTIES TIMEOUT 300 PROCESSORS 2)

rondo_add_test(run_parts_test
  SOURCES run_host_watch_test.cpp run_hosts_test.cpp run_metrics_tail_test.cpp run_options_test.cpp
          run_supervisor_test.cpp
  LIBS rondo_run_parts)

rondo_add_test(run_test LABELS mpi SOURCES run_test.cpp
  LIBS rondo_test_programs nlohmann_json::nlohmann_json fmt::fmt)
rondo_name_program(run_test RONDO_RUN_PROGRAM rondo-run)
rondo_name_program(run_test RONDO_TRAIN_IMAGE_PROGRAM rondo-train-image)
rondo_name_program(run_test RONDO_DATA_PROGRAM rondo-data)
set_tests_properties(run_test PROPERTIES TIMEOUT 300 PROCESSORS 2)
