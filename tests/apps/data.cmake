# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
rondo_add_test(data_cli_test SOURCES data_convert_test.cpp data_inspect_test.cpp
  LIBS rondo_test_programs rondo::data fmt::fmt nlohmann_json::nlohmann_json)
target_compile_definitions(data_cli_test PRIVATE
  RONDO_DATA_PROGRAM="$<TARGET_FILE:rondo-data>")
add_dependencies(data_cli_test rondo-data)
