// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data: makes and describes the HDF5 data sets that the trainers read.

#include "common/subcommands.hpp"
#include "data/commands.hpp"

namespace rondo::apps {
namespace {

constexpr const char* overview =
    "Makes and describes the HDF5 data sets that the trainers read.\n"
    "Usage: rondo-data COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  convert idx       make a data set from IDX files, as MNIST and its like come in\n"
    "  convert cifar10   from CIFAR-10's binary version; cifar100 likewise\n"
    "  convert npy       from NumPy arrays, one a field\n"
    "  convert csv       from tables of numbers\n"
    "  convert images    from folders of PNG and JPEG files, one a class\n"
    "  convert tokens    from files of nothing but tokens, u16 or u32\n"
    "  convert text      from text files, each byte a token\n"
    "  split             make a test or validation split, the same share of each class\n"
    "  inspect           describe a data set\n"
    "  doctor            say how well it suits a run, and what to do\n"
    "  verify            read all of it and list what is wrong\n"
    "  rechunk           write it anew in other chunks, compressed or not; also under mpirun\n"
    "  audit             prove that a run used every sample exactly once\n"
    "\n"
    "rondo-data COMMAND --help describes the options of a command; --version this build.\n"
    "\n"
    "Example:\n"
    "  rondo-data convert idx --directory /usr/share/datasets/fashion-mnist --output fashion.h5\n"
    "  rondo-data inspect fashion.h5\n"
    "  rondo-data audit runs/first\n";

int convert(int argc, const char* const* argv) {
  const Commands formats{.program = "rondo-data",
                         .noun = "format",
                         .overview = overview,
                         .table = {{"cifar10", convert_cifar10},
                                   {"cifar100", convert_cifar100},
                                   {"csv", convert_csv},
                                   {"idx", convert_idx},
                                   {"images", convert_images},
                                   {"npy", convert_npy},
                                   {"text", convert_text},
                                   {"tokens", convert_tokens}}};
  return run_command(formats, argc, argv);
}

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  using namespace rondo::apps;
  return run_command({.program = "rondo-data",
                      .noun = "command",
                      .overview = overview,
                      .table = {{"audit", audit},
                                {"convert", convert},
                                {"doctor", doctor},
                                {"inspect", inspect},
                                {"rechunk", rechunk},
                                {"split", split},
                                {"verify", verify}}},
                     argc, argv);
}
