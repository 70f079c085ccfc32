// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints that are damaged, foreign or of another model, before the real programs.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "apps/train_image_copies.hpp"
#include "support/io_errors.hpp"

namespace rondo::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// Changes a value of the manifest, and nothing else of it.
void edit_manifest(const fs::path& checkpoint, const std::string& key,
                   const nlohmann::json& value) {
  auto document = nlohmann::json::parse(read_file(checkpoint / "manifest.json"));
  document[key] = value;
  write_file(checkpoint / "manifest.json", document.dump());
}

void cut_in_half(const fs::path& file) {
  fs::resize_file(file, fs::file_size(file) / 2);
}

void flip_bit(const fs::path& file) {
  std::string content = read_file(file);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 4);
  write_file(file, content);
}

/// An HDF5 file whose elements are those of another file of this machine.
void plant_external_storage(const fs::path& state) {
  const hid_t file = H5Fcreate(state.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t elements = 16;
  H5Pset_external(properties, "/etc/passwd", 0, elements * sizeof(float));
  const hid_t space = H5Screate_simple(1, &elements, nullptr);
  H5Dclose(
      H5Dcreate2(file, "parameter", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Sclose(space);
  H5Pclose(properties);
  ASSERT_GE(H5Fclose(file), 0);
}

void move_behind_link(const fs::path& checkpoint) {
  const fs::path elsewhere = checkpoint.parent_path().parent_path() / "elsewhere";
  fs::rename(checkpoint, elsewhere);
  fs::create_directory_symlink(elsewhere, checkpoint);
}

struct Damage {
  std::string name;
  std::function<void(const fs::path& checkpoint)> inflict;
  std::string reason;  ///< a part of the message
  int code = 65;       ///< of a tool that is asked for just this checkpoint
};

std::vector<Damage> damages() {
  return {
      {"newer-version", [](const fs::path& at) { edit_manifest(at, "version", 99); }, "found 99"},
      {"foreign-format", [](const fs::path& at) { edit_manifest(at, "format", "safetensors"); },
       "found safetensors"},
      {"edited", [](const fs::path& at) { edit_manifest(at, "step", 5); }, "manifest.json: "},
      {"no-manifest", [](const fs::path& at) { fs::remove(at / "manifest.json"); },
       "manifest.json: missing", 66},
      {"cut-manifest", [](const fs::path& at) { cut_in_half(at / "manifest.json"); },
       "is not a manifest"},
      {"no-state", [](const fs::path& at) { fs::remove(at / "state.h5"); }, "state.h5: ", 66},
      {"cut-state", [](const fs::path& at) { cut_in_half(at / "state.h5"); }, "state.h5: "},
      {"flipped-bit", [](const fs::path& at) { flip_bit(at / "state.h5"); }, "has hash"},
      {"other-state",
       [](const fs::path& at) {
         fs::copy_file(at.parent_path() / "step-00000002/state.h5", at / "state.h5",
                       fs::copy_options::overwrite_existing);
       },
       "has hash"},
      {"hostile-state", [](const fs::path& at) { plant_external_storage(at / "state.h5"); },
       "state.h5: "},
      {"link", move_behind_link, "is a symbolic link"},
      {"file",
       [](const fs::path& at) {
         fs::remove_all(at);
         write_file(at, "not a directory");
       },
       "step-00000004", 66}};
}

class DamagedRun : public CopiedRun {
 protected:
  static ProgramResult resume(int ranks, const std::string& run) {
    return train(ranks, options(run) + " --steps 5 --resume");
  }
  static ProgramResult ckpt(const std::string& command, const fs::path& checkpoint) {
    return run_program(fmt::format("{} {} {}", RONDO_CKPT_PROGRAM, command, checkpoint.string()));
  }
};

TEST_F(DamagedRun, goes_on_from_the_checkpoint_before_and_says_why) {
  for (const Damage& damage : damages()) {
    const fs::path checkpoints = copy_of_good(damage.name);
    damage.inflict(checkpoints / "step-00000004");

    const ProgramResult result = resume(1, damage.name);

    ASSERT_EQ(result.code, 0) << damage.name << ": " << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("skipped checkpoint"), HasSubstr("step-00000004"),
                                  HasSubstr(damage.reason)))
        << damage.name;
    EXPECT_EQ(final_hash(output(damage.name)), final_hash(output("whole"))) << damage.name;
  }
}

TEST_F(DamagedRun, with_nothing_valid_is_65_with_every_reason_and_leaves_all_as_it_is) {
  const fs::path checkpoints = copy_of_good("hopeless");
  edit_manifest(checkpoints / "step-00000004", "version", 99);
  flip_bit(checkpoints / "step-00000002" / "state.h5");

  const ProgramResult result = resume(2, "hopeless");

  EXPECT_EQ(result.code, 65);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("no checkpoint in"), HasSubstr("found 99"),
                                HasSubstr("step-00000002/state.h5"), HasSubstr("start afresh")));
  EXPECT_EQ(losses(output("hopeless")).size(), 4U);
  EXPECT_EQ(checkpoint::list_committed(checkpoints).size(), 2U);
}

TEST_F(DamagedRun, is_told_by_rondo_ckpt_which_touches_nothing_of_it) {
  for (const Damage& damage : damages()) {
    const fs::path damaged = copy_of_good("ckpt-" + damage.name) / "step-00000004";
    damage.inflict(damaged);
    const fs::path exported = output("exported-" + damage.name);

    const ProgramResult all = ckpt("verify", damaged.parent_path());
    const ProgramResult hash = ckpt("hash", damaged);
    const ProgramResult exporting = ckpt("export", damaged.string() + " " + exported.string());

    EXPECT_EQ(all.code, 65) << damage.name;
    EXPECT_THAT(all.out, AllOf(HasSubstr("step-00000004: invalid"), HasSubstr(damage.reason),
                               HasSubstr("step-00000002: valid")))
        << damage.name;
    for (const ProgramResult* refused : {&hash, &exporting}) {
      EXPECT_EQ(refused->code, damage.code) << damage.name;
      EXPECT_EQ(occurrences(refused->err, "error:"), 1U) << refused->err;
      EXPECT_THAT(refused->err, HasSubstr(damage.reason));
    }
    EXPECT_FALSE(fs::exists(exported)) << damage.name;
  }
}

/// The newest checkpoint of a run once more, with what `change` does to its tensors.
void save_changed(const fs::path& checkpoints,
                  const std::function<void(std::vector<checkpoint::Tensor>&)>& change) {
  const checkpoint::Reader reader(checkpoint::list_committed(checkpoints).at(0).directory);
  std::vector<AlignedBuffer<float>> values;
  std::vector<checkpoint::Tensor> tensors;
  for (const checkpoint::TensorEntry& entry : reader.contents().tensors) {
    values.push_back(reader.read(entry));
    tensors.push_back({entry.name, entry.shape, values.back().span()});
  }
  change(tensors);
  checkpoint::save(checkpoints, 6, tensors, reader.contents().metadata);
}

TEST_F(DamagedRun, whose_tensors_are_another_models_is_65_with_all_of_them) {
  const fs::path checkpoints = copy_of_good("other-model");
  std::vector<std::string> changed;
  save_changed(checkpoints, [&](std::vector<checkpoint::Tensor>& tensors) {
    tensors.pop_back();
    for (const std::size_t i : {std::size_t{0}, tensors.size() / 2}) {
      changed.push_back(tensors[i].name + ": expected shape");
      tensors[i].shape = {tensors[i].data.size(), 1, 1, 1, 1};
    }
    tensors[1].name = "parameter/stranger";
  });

  const ProgramResult result = resume(2, "other-model");

  EXPECT_EQ(result.code, 65) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_EQ(occurrences(result.err, ": expected shape"), 4U) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("step-00000006"), HasSubstr(changed[0]),
                                HasSubstr(changed[1]), HasSubstr("found no such tensor"),
                                HasSubstr("parameter/stranger: not expected")));
  EXPECT_EQ(losses(output("other-model")).size(), 4U);
}

}  // namespace
}  // namespace rondo::test
