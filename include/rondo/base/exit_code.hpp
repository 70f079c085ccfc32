// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo {

/// What a Rondo program ends with. The values from 65 on follow BSD's sysexits.h.
enum class ExitCode : int {
  ok = 0,
  exceptions = 1,         ///< a check was made to its end and found what must not be
  usage = 2,              ///< unknown option or unusable value on the command line
  bad_content = 65,       ///< a file's content is not what it must be
  missing_input = 66,     ///< an input does not exist or cannot be read
  internal = 70,          ///< ranks disagree, or a bug in the program
  cannot_create = 73,     ///< an output cannot be created
  io = 74,                ///< an I/O error (disk full, device error)
  requeue = 75,           ///< stopped with a checkpoint, or a peer was lost: safe to start again
  version_mismatch = 76,  ///< ranks run different versions
  configuration = 78,     ///< options that do not fit each other or the machine
  numeric_failure = 86,   ///< non-finite loss or gradient
};

}  // namespace rondo
