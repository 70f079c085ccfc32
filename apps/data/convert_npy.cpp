// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"
#include "data/sources/npy_source.hpp"

namespace rondo::apps {
namespace {

/// From `image=x.npy,label=y.npy`; none of an empty text.
std::unique_ptr<NpySource> open(const char* option, const std::string& text) {
  std::vector<NpySource::NamedInput> inputs;
  for (const std::string& pair : split_at_commas(text)) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size())
      throw Error(ExitCode::usage,
                  fmt::format("--{} '{}': expected FIELD=FILE, as in image=x.npy,label=y.npy",
                              option, pair));
    inputs.emplace_back(pair.substr(0, equals), ByteInput(pair.substr(equals + 1)));
  }
  return inputs.empty() ? nullptr : std::make_unique<NpySource>(std::move(inputs));
}

}  // namespace

int convert_npy(int argc, const char* const* argv) {
  std::string train;
  std::string test;
  OutputOptions output;
  Options options("rondo-data convert npy",
                  "Makes one HDF5 data set from NumPy arrays, one file for each field, with the "
                  "samples along the first dimension.");
  options.group("Input");
  options.add("train", train, "FIELD=FILE,...: the training split's arrays").required();
  options.add("test", test, "FIELD=FILE,...: the test split's arrays");
  add_output_options(options, output, TestSplit::or_fraction);
  options.example(
      "rondo-data convert npy --train image=x.npy,label=y.npy --test-fraction 0.1 --output x.h5");
  return run_tool(options, argc, argv, [&] {
    return convert(output,
                   {.train = open("train", train), .test = open("test", test), .origin = train});
  });
}

}  // namespace rondo::apps
