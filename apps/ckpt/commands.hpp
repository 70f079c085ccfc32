// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The commands of rondo-ckpt. Each parses the arguments behind its name (argv[0] is ignored) and
/// returns the exit code of the process.
namespace rondo::apps {

int diff(int argc, const char* const* argv);
int export_tensors(int argc, const char* const* argv);
int hash(int argc, const char* const* argv);
int list(int argc, const char* const* argv);
int prune(int argc, const char* const* argv);
int show(int argc, const char* const* argv);
int verify(int argc, const char* const* argv);

}  // namespace rondo::apps
