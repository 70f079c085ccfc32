// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"
#include "data/sources/image_folder_source.hpp"

namespace rondo::apps {
namespace {

enum class Colors { grey, rgb };

struct FolderOptions {
  std::filesystem::path directory;
  std::string size;
  Fit fit = Fit::stretch;
  Colors colors = Colors::rgb;
  OutputOptions output;
};

/// From `HxW`.
void parse_size(const std::string& text, ImageLayout& layout) {
  if (text.empty()) return;
  const std::size_t cross = text.find('x');
  const auto number = [](const std::string& digits) -> std::size_t {
    const bool is_number = !digits.empty() && digits.size() <= 4 &&
                           digits.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? std::stoul(digits) : 0;
  };
  layout.height = number(text.substr(0, cross));
  layout.width = cross == std::string::npos ? 0 : number(text.substr(cross + 1));
  layout.may_resize = true;
  if (layout.height == 0 || layout.width == 0)
    throw Error(ExitCode::usage,
                fmt::format("--size '{}': expected HEIGHTxWIDTH, as in 224x224", text));
}

ExitCode convert_folders(const FolderOptions& values) {
  std::error_code ignored;
  const bool has_splits = std::filesystem::is_directory(values.directory / "train", ignored);
  const auto train = has_splits ? values.directory / "train" : values.directory;
  const auto test = values.directory / "test";

  ImageLayout layout{.classes = class_folders(train),
                     .channels = values.colors == Colors::grey ? 1U : 3U,
                     .fit = values.fit};
  parse_size(values.size, layout);
  Conversion conversion{.classes = layout.classes.size(),
                        .class_names = layout.classes,
                        .origin = values.directory.string()};
  auto source = std::make_unique<ImageFolderSource>(train, layout);
  layout.height = source->height();
  layout.width = source->width();
  conversion.train = std::move(source);
  if (has_splits && std::filesystem::is_directory(test, ignored))
    conversion.test = std::make_unique<ImageFolderSource>(test, layout);
  return convert(values.output, std::move(conversion));
}

}  // namespace

int convert_images(int argc, const char* const* argv) {
  FolderOptions values;
  Options options("rondo-data convert images",
                  "Makes one HDF5 data set from PNG and JPEG files in one folder a class, below "
                  "train and test or directly in the directory.");
  options.group("Input");
  options.add("directory", values.directory, "holds train/CLASS/* and test/CLASS/*, or CLASS/*")
      .required();
  options.add("size", values.size,
              "HEIGHTxWIDTH to resample to, by a triangle filter; default: all images alike");
  options.add("fit", values.fit, {{"stretch", Fit::stretch}, {"crop", Fit::crop}},
              "how images of another shape fill the size: crop takes the middle");
  options.add("colors", values.colors, {{"rgb", Colors::rgb}, {"grey", Colors::grey}},
              "channels of the data set");
  add_output_options(options, values.output, TestSplit::or_fraction);
  options.example(
      "rondo-data convert images --directory flowers --size 224x224 --fit crop "
      "--test-fraction 0.1 --output flowers.h5");
  return run_tool(options, argc, argv, [&] { return convert_folders(values); });
}

}  // namespace rondo::apps
