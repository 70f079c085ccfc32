# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
rondo_add_test(ckpt_test SOURCES ckpt_test.cpp
  LIBS rondo_test_programs rondo::checkpoint fmt::fmt nlohmann_json::nlohmann_json)
rondo_name_program(ckpt_test RONDO_CKPT_PROGRAM rondo-ckpt)
