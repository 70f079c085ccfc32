// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The commands of rondo-data. Each parses the arguments behind its name (argv[0] is ignored) and
/// returns the exit code of the process.
namespace rondo::apps {

int audit(int argc, const char* const* argv);
int convert_cifar10(int argc, const char* const* argv);
int convert_cifar100(int argc, const char* const* argv);
int convert_csv(int argc, const char* const* argv);
int convert_idx(int argc, const char* const* argv);
int convert_images(int argc, const char* const* argv);
int convert_npy(int argc, const char* const* argv);
int convert_text(int argc, const char* const* argv);
int convert_tokens(int argc, const char* const* argv);
int doctor(int argc, const char* const* argv);
int inspect(int argc, const char* const* argv);
int rechunk(int argc, const char* const* argv);
int split(int argc, const char* const* argv);
int verify(int argc, const char* const* argv);

}  // namespace rondo::apps
