// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/call.hpp"

/// The commands of rondo-bench. Each parses the arguments behind its name (argv[0] is ignored) and
/// returns the exit code of the process.
namespace rondo::bench {

int checkpoint_main(int argc, const char* const* argv);
int data_main(int argc, const char* const* argv);
int lanes_main(int argc, const char* const* argv);
int layers_main(int argc, const char* const* argv);
int overlap_main(int argc, const char* const* argv);
int optimizer_main(int argc, const char* const* argv);
int step_main(int argc, const char* const* argv);
int tune_main(int argc, const char* const* argv);
int update_main(int argc, const char* const* argv);
int collective_main(comm::Collective collective, int argc, const char* const* argv);

}  // namespace rondo::bench
