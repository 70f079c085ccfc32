// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"
#include "data/sources/token_source.hpp"

namespace rondo::apps {
namespace {

struct TokenOptions {
  std::filesystem::path train = {}, test = {};
  DType dtype = DType::u8;
  std::size_t sequence_length = 0;
  std::size_t vocabulary = 256;
  OutputOptions output = {};
};

void add_options(Options& options, TokenOptions& values) {
  options.group("Input");
  options.add("train", values.train, "the training file").required();
  options.add("test", values.test, "the test file");
  options.add("sequence-length", values.sequence_length, "tokens a sample")
      .required()
      .between(1, 16'777'216);
}

std::unique_ptr<TokenSource> open(const std::filesystem::path& file, const TokenOptions& values,
                                  std::vector<std::string>& notes) {
  if (file.empty()) return nullptr;
  auto source = std::make_unique<TokenSource>(ByteInput(file), values.dtype, values.sequence_length,
                                              values.vocabulary);
  if (source->tokens_left_out() > 0)
    notes.push_back(
        fmt::format("{}: {} tokens at the end, which do not fill a sample, are left out",
                    file.string(), source->tokens_left_out()));
  return source;
}

ExitCode convert_files(const TokenOptions& values) {
  Conversion conversion;
  conversion.train = open(values.train, values, conversion.notes);
  conversion.test = open(values.test, values, conversion.notes);
  conversion.origin = values.train.string();
  return convert(values.output, std::move(conversion));
}

}  // namespace

int convert_tokens(int argc, const char* const* argv) {
  TokenOptions values{.dtype = DType::u16, .vocabulary = 0};
  Options options("rondo-data convert tokens",
                  "Makes one HDF5 data set from files of nothing but tokens, little-endian.");
  add_options(options, values);
  options.add("dtype", values.dtype, {{"u16", DType::u16}, {"u32", DType::u32}}, "type of a token");
  options.add("vocabulary", values.vocabulary, "all tokens must be below; 0: any");
  add_output_options(options, values.output, TestSplit::or_fraction);
  options.example(
      "rondo-data convert tokens --train train.bin --sequence-length 1024 --output t.h5");
  return run_tool(options, argc, argv, [&] { return convert_files(values); });
}

int convert_text(int argc, const char* const* argv) {
  TokenOptions values;
  Options options("rondo-data convert text",
                  "Makes one HDF5 data set from text files, each byte a token.");
  add_options(options, values);
  add_output_options(options, values.output, TestSplit::or_fraction);
  options.example(
      "rondo-data convert text --train book.txt --sequence-length 256 --test-fraction 0.1 --output "
      "book.h5");
  return run_tool(options, argc, argv, [&] { return convert_files(values); });
}

}  // namespace rondo::apps
