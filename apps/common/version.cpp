// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/version.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <mpi.h>

#include "common/build_info.hpp"

namespace rondo::apps {
namespace {

/// The first sentence of what the MPI library says about itself.
std::string mpi_library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text = {};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);  // allowed before MPI_Init
  const std::string_view all(text.data());
  return std::string(all.substr(0, all.find_first_of(",\n")));
}

}  // namespace

std::string project_version() {
  return build_info::version;
}

std::string version_text(const std::string& program) {
  return fmt::format("{} {}\ncompiler  {} ({})\nMPI       {}\noneDNN    {}\nCUDA      {}\n",
                     program, build_info::version, build_info::compiler, build_info::build_type,
                     mpi_library(), build_info::onednn, build_info::cuda);
}

}  // namespace rondo::apps
