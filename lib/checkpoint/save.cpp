// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/writers.hpp"

#include "checkpoint/directories.hpp"
#include "checkpoint/file_bytes.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/meeting.hpp"
#include "checkpoint/parts.hpp"
#include "checkpoint/state_layout.hpp"
#include "checkpoint/state_writer.hpp"
#include "checkpoint/tensor_names.hpp"
#include "checkpoint/whole_tensors.hpp"

namespace rondo::checkpoint {
namespace {

/// Writes the elements, and returns with what the others have written.
std::vector<Part> write_elements(StateWriter& writer, const Meeting& meeting,
                                 const StateLayout& layout, std::span<const Piece> pieces) {
  Part own = write_pieces(writer, layout, pieces);
  std::vector<Part> parts = meeting.await_parts();
  parts.push_back(std::move(own));
  return parts;
}

/// Writes the state file and says what belongs into the manifest; it need not be on disk yet.
Manifest write_state(StateWriter& writer, const StateLayout& layout,
                     std::span<const TensorSpec> tensors, std::span<const Part> parts) {
  auto stored = put_together(writer.file(), layout, tensors, parts);
  Manifest manifest;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    add_tensor(manifest, tensors[i].name, tensors[i].shape, std::move(stored[i]));
  manifest.state = {.bytes = layout.bytes,
                    .hash = structure_hash(writer.file(), layout),
                    .block_bytes = block_bytes};
  return manifest;
}

/// Makes sure that the manifest and the structure read back as they are meant.
void read_back(const std::filesystem::path& directory, const Manifest& manifest) {
  try {
    require_hdf5_agrees(directory / state_name, manifest);
    if (to_text(read_manifest(directory)) == to_text(manifest)) return;
  } catch (const IoError& e) {
    throw IoError(ExitCode::io,
                  fmt::format("what was just written reads back otherwise: {}", e.what()));
  }
  throw IoError(ExitCode::io, fmt::format("{}: what was just written reads back otherwise",
                                          (directory / manifest_name).string()));
}

/// Both files of a checkpoint, until they are on disk.
void write_files(const Meeting& meeting, std::uint64_t step, std::span<const TensorSpec> tensors,
                 std::span<const Piece> pieces, const Metadata& metadata) {
  const StateLayout layout = create_state(meeting.place() / state_name, tensors);
  meeting.leave_layout(layout, tensors);
  StateWriter state(meeting.place() / state_name);
  const auto parts = write_elements(state, meeting, layout, pieces);
  Manifest manifest = write_state(state, layout, tensors, parts);
  manifest.step = step;
  manifest.metadata = metadata;
  FileBytes file(meeting.place() / manifest_name, FileBytes::Access::create);
  const std::string text = to_text(manifest);
  file.write(0, std::as_bytes(std::span(text)));
  read_back(meeting.place(), manifest);
  // Together, as the file system's journal is: the second one finds little left to do.
  state.finish();
  file.sync();
}

void save_as_other(const Meeting& meeting, std::span<const TensorSpec> tensors,
                   std::span<const Piece> pieces) {
  try {
    const StateLayout layout = meeting.await_layout(tensors);
    StateWriter state(meeting.place() / state_name);
    const Part part = write_pieces(state, layout, pieces);
    state.finish();
    meeting.leave_part(part);
  } catch (const Error& e) {
    meeting.leave_failure(e);
    throw;
  }
}

}  // namespace

void save(const Writer& writer, const std::filesystem::path& directory, std::uint64_t step,
          std::span<const TensorSpec> tensors, std::span<const Piece> pieces,
          const Metadata& metadata, const Retention& retention) {
  require(retention.newest >= 1, "checkpoint::save: keep at least the one that is written");
  const Meeting meeting(writer, directory, step);
  if (writer.number != 0) return save_as_other(meeting, tensors, pieces);
  try {
    require_usable_names(tensors);
    remove_leftovers(directory);
    PartialDirectory partial(meeting.place(), final_path(directory, step));
    write_files(meeting, step, tensors, pieces, metadata);
    meeting.clean();
    partial.publish();
    point_latest_to(partial.final_path());
  } catch (const Error& e) {
    meeting.call_off(e);
    throw;
  }
  for (const Committed& old : superseded(directory, step, retention))
    remove(old);
}

void save(const std::filesystem::path& directory, std::uint64_t step,
          std::span<const Tensor> tensors, const Metadata& metadata, const Retention& retention) {
  const WholeTensors whole(tensors);
  save(Writer(), directory, step, whole.specs, whole.pieces, metadata, retention);
}

}  // namespace rondo::checkpoint
