// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "ckpt/safetensors.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/atomic_file.hpp"
#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/output_error.hpp"

namespace rondo::apps {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr const char* metadata_key = "__metadata__";

std::string header_of(const std::map<std::string, std::string>& metadata,
                      const std::vector<ExportedTensor>& tensors) {
  nlohmann::ordered_json header{{metadata_key, metadata}};
  std::uint64_t offset = 0;
  for (const ExportedTensor& tensor : tensors) {
    if (header.contains(tensor.name))
      throw IoError(
          ExitCode::bad_content,
          fmt::format("a safetensors file cannot hold this tensor '{}': the name is taken",
                      tensor.name));
    const std::uint64_t end = offset + element_count(tensor.shape) * sizeof(float);
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize(round_up(text.size(), 8), ' ');
  return text;
}

class Output {
 public:
  explicit Output(const AtomicFile& file)
      : path_(file.final_path()),
        descriptor_(::open(file.temporary_path().c_str(), O_WRONLY | O_CLOEXEC)) {
    if (!descriptor_) fail();
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) fail();
      if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw output_error(fmt::format("{}: cannot write", path_.string()), errno);
  }

  std::filesystem::path path_;
  FileDescriptor descriptor_;
};

}  // namespace

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, std::string>& metadata,
                       const std::vector<ExportedTensor>& tensors) {
  const std::string header = header_of(metadata, tensors);
  AtomicFile file(path);
  Output output(file);
  const std::array<std::uint64_t, 1> length{header.size()};
  output.write(std::as_bytes(std::span(length)));
  output.write(std::as_bytes(std::span(header)));
  for (const ExportedTensor& tensor : tensors)
    tensor.read([&](std::span<const float> piece) { output.write(std::as_bytes(piece)); });
  file.publish();
}

}  // namespace rondo::apps
