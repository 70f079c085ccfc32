// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo::telemetry {

/// What the person watching a stream sees it on.
struct Terminal {
  bool interactive = false;  ///< lines may be redrawn
  bool color = false;        ///< escape sequences for colour are welcome
  int columns = 80;
};

/// Describes the terminal behind the stream of this process, a launcher in between included.
///
/// Open MPI gives its ranks a pseudo-terminal or a pipe whatever mpirun itself writes to. For the
/// ranks that mpirun started on its own machine, mpirun's stream is looked at instead; others count
/// as not interactive. TERM=dumb means not interactive, NO_COLOR no colour, COLUMNS beats the width
/// that the terminal reports.
Terminal inspect_terminal(int descriptor);

}  // namespace rondo::telemetry
