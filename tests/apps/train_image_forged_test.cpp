// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints that were made to be read as something else, with all hashes right, before the real
// programs.

#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/stat.h>

#include "apps/forged_checkpoint.hpp"
#include "apps/train_image_copies.hpp"
#include "support/io_errors.hpp"

namespace rondo::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

/// Something done to a checkpoint whose manifest is written anew afterwards.
struct Forgery {
  std::string name;
  std::function<void(ForgedCheckpoint& checkpoint)> forge;
  std::string reason;  ///< a part of the message
};

/// A parameter and a slot have the same shapes, so that one could be taken for the other.
std::size_t parameter(const ForgedCheckpoint& checkpoint) {
  return checkpoint.number_of("parameter/");
}

struct Properties {
  Properties() = default;
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;
  ~Properties() { H5Pclose(id); }
  hid_t id = H5Pcreate(H5P_DATASET_CREATE);
};

/// Properties of one chunk that holds all of the tensor.
void set_one_chunk(ForgedCheckpoint& checkpoint, std::size_t tensor, const Properties& properties) {
  std::vector<hsize_t> chunk;
  checkpoint.tensor(tensor)["shape"].get_to(chunk);
  H5Pset_chunk(properties.id, static_cast<int>(chunk.size()), chunk.data());
}

/// Where its elements lie in chunks, or in the header, the manifest may still know the place.
void replace(ForgedCheckpoint& checkpoint, const std::function<void(const Properties&)>& set,
             hid_t type = H5T_IEEE_F32LE) {
  const Properties properties;
  set(properties);
  const std::size_t tensor = parameter(checkpoint);
  checkpoint.replace(tensor, type, properties.id);
  checkpoint.tensor(tensor)["offset"] = checkpoint.place_of(tensor);
}

void replace_by_type(ForgedCheckpoint& checkpoint, hid_t type) {
  replace(
      checkpoint, [](const Properties&) {}, type);
}

void replace_by_link(const ForgedCheckpoint& checkpoint,
                     const std::function<void(hid_t file, const char* name)>& link) {
  const std::string name = checkpoint.name(parameter(checkpoint));
  checkpoint.edit_state([&](hid_t file) {
    H5Lmove(file, name.c_str(), file, "aside", H5P_DEFAULT, H5P_DEFAULT);
    link(file, name.c_str());
  });
}

void add_dataset(const ForgedCheckpoint& checkpoint, const char* name) {
  checkpoint.edit_state([&](hid_t file) {
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t parents = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(parents, 1);
    H5Dclose(H5Dcreate2(file, name, H5T_IEEE_F32LE, space, parents, H5P_DEFAULT, H5P_DEFAULT));
    H5Pclose(parents);
    H5Sclose(space);
  });
}

void set_shape(ForgedCheckpoint& checkpoint, const std::vector<std::uint64_t>& shape) {
  checkpoint.tensor(parameter(checkpoint))["shape"] = shape;
}

void set_offset(ForgedCheckpoint& checkpoint, std::uint64_t offset) {
  checkpoint.tensor(parameter(checkpoint))["offset"] = offset;
}

/// Of how HDF5 stores a tensor, where Rondo would read its right elements all the same.
std::vector<Forgery> other_storages() {
  return {
      {"chunked",
       [](ForgedCheckpoint& at) {
         replace(at, [&](const Properties& p) { set_one_chunk(at, parameter(at), p); });
       },
       "lie in no one place"},
      {"chunked-at-0",
       [](ForgedCheckpoint& at) {
         replace(at, [&](const Properties& p) { set_one_chunk(at, parameter(at), p); });
         set_offset(at, 0);
       },
       "lie in no one place"},
      {"compressed",
       [](ForgedCheckpoint& at) {
         replace(at, [&](const Properties& p) {
           set_one_chunk(at, parameter(at), p);
           H5Pset_deflate(p.id, 9);
         });
         set_offset(at, 0);
       },
       "lie in no one place"},
      {"filter-of-a-plugin",
       [](ForgedCheckpoint& at) {
         replace(at, [&](const Properties& p) {
           set_one_chunk(at, parameter(at), p);
           H5Pset_filter(p.id, 32000, H5Z_FLAG_OPTIONAL, 0, nullptr);
         });
       },
       "uses filter 32000"},
      {"in-the-header",
       [](ForgedCheckpoint& at) {
         replace(at, [](const Properties& p) { H5Pset_layout(p.id, H5D_COMPACT); });
       },
       "lie in no one place"},
      {"external",
       [](ForgedCheckpoint& at) {
         replace(at, [&](const Properties& p) {
           H5Pset_external(p.id, (at.state().string() + ".elsewhere").c_str(), 0, H5F_UNLIMITED);
         });
       },
       "has external storage"},
      {"integers", [](ForgedCheckpoint& at) { replace_by_type(at, H5T_STD_I32LE); }, "found i32"},
      {"big-endian", [](ForgedCheckpoint& at) { replace_by_type(at, H5T_IEEE_F32BE); },
       "found another type of 4 bytes"},
      {"doubles", [](ForgedCheckpoint& at) { replace_by_type(at, H5T_IEEE_F64LE); }, "found f64"},
      {"endless",
       [](ForgedCheckpoint& at) {
         const Properties properties;
         at.replace(parameter(at), H5T_IEEE_F32LE, properties.id, {hsize_t{1} << 50});
       },
       "declares shape"}};
}

/// Of which objects there are in the state file.
std::vector<Forgery> other_objects() {
  return {{"lacking",
           [](ForgedCheckpoint& at) {
             at.edit_state(
                 [&](hid_t file) { H5Ldelete(file, at.name(parameter(at)).c_str(), H5P_DEFAULT); });
           },
           "expected a dataset, found nothing"},
          {"additional", [](ForgedCheckpoint& at) { add_dataset(at, "parameter/stranger"); },
           "'stranger' in group 'parameter'"},
          {"additional-group", [](ForgedCheckpoint& at) { add_dataset(at, "more/stranger"); },
           "'more' in group ''"},
          {"soft-link",
           [](ForgedCheckpoint& at) {
             replace_by_link(at, [](hid_t file, const char* name) {
               H5Lcreate_soft("/aside", file, name, H5P_DEFAULT, H5P_DEFAULT);
             });
             at.manifest()["tensors"].push_back(at.manifest()["tensors"].back());
             auto& aside = at.manifest()["tensors"].back();
             aside["name"] = "aside";
             aside["shape"] = {0};
           },
           "is a soft link"},
          {"external-link",
           [](ForgedCheckpoint& at) {
             const std::string name = at.name(parameter(at));
             at.edit_state([&](hid_t file) {
               H5Ldelete(file, name.c_str(), H5P_DEFAULT);
               H5Lcreate_external("../step-00000002/state.h5", name.c_str(), file, name.c_str(),
                                  H5P_DEFAULT, H5P_DEFAULT);
             });
           },
           "is an external link"},
          {"circle",
           [](ForgedCheckpoint& at) {
             at.edit_state([](hid_t file) {
               H5Lcreate_hard(file, "/", file, "parameter/root", H5P_DEFAULT, H5P_DEFAULT);
             });
           },
           "'root' in group 'parameter'"},
          {"swapped",
           [](ForgedCheckpoint& at) {
             const std::size_t first = parameter(at);
             std::size_t second = first + 1;
             while (at.tensor(second)["shape"] != at.tensor(first)["shape"])
               ++second;
             std::swap(at.tensor(first)["offset"], at.tensor(second)["offset"]);
           },
           "the manifest says byte"}};
}

/// Of what the manifest says alone.
std::vector<Forgery> other_manifests() {
  constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();
  return {
      {"huge", [](ForgedCheckpoint& at) { set_shape(at, {std::uint64_t{1} << 40}); },
       "is not within"},
      {"overflowing",
       [](ForgedCheckpoint& at) {
         set_shape(at, {std::uint64_t{1} << 32, std::uint64_t{1} << 32});
       },
       "is not within"},
      {"33-dimensions",
       [](ForgedCheckpoint& at) { set_shape(at, std::vector<std::uint64_t>(33, 1)); },
       "is not within"},
      {"beyond-the-end",
       [](ForgedCheckpoint& at) { set_offset(at, fs::file_size(at.state()) - 4); },
       "is not within"},
      {"wrapping", [](ForgedCheckpoint& at) { set_offset(at, greatest - 3); }, "is not within"},
      {"overlapping",
       [](ForgedCheckpoint& at) {
         set_offset(at, at.tensor(parameter(at) + 1)["offset"].get<std::uint64_t>());
       },
       "overlap"},
      {"elsewhere", [](ForgedCheckpoint& at) { set_offset(at, 0); }, "the manifest says byte 0"},
      {"twice", [](ForgedCheckpoint& at) { at.tensor(1)["name"] = at.name(0); },
       "two tensors have the name"},
      {"f64", [](ForgedCheckpoint& at) { at.tensor(0)["dtype"] = "f64"; }, "expected dtype f32"},
      {"negative", [](ForgedCheckpoint& at) { at.tensor(0)["shape"][0] = -1; }, "manifest.json: "},
      {"blocks-of-nothing", [](ForgedCheckpoint& at) { at.manifest()["state"]["block_bytes"] = 0; },
       "blocks cannot"}};
}

std::vector<Forgery> all_forgeries() {
  std::vector<Forgery> all;
  for (const auto& some : {other_storages(), other_objects(), other_manifests()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// Something that stands in the place of one of a checkpoint's files, or of its directory.
struct Impostor {
  std::string name;
  std::function<void(const fs::path& checkpoint)> put;
  std::string reason;
};

void link_to_moved(const fs::path& path) {
  const fs::path moved = path.parent_path().parent_path() / "moved";
  fs::rename(path, moved);
  fs::create_symlink(moved, path);
}

void replace_by_pipe(const fs::path& path) {
  fs::remove_all(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
}

std::vector<Impostor> impostors() {
  return {{"state-link", [](const fs::path& at) { link_to_moved(at / "state.h5"); },
           "state.h5: is a symbolic link"},
          {"manifest-link", [](const fs::path& at) { link_to_moved(at / "manifest.json"); },
           "manifest.json: is a symbolic link"},
          {"directory-link", [](const fs::path& at) { link_to_moved(at); }, "is a symbolic link"},
          {"state-pipe", [](const fs::path& at) { replace_by_pipe(at / "state.h5"); },
           "state.h5: is not a file"},
          {"manifest-pipe", [](const fs::path& at) { replace_by_pipe(at / "manifest.json"); },
           "manifest.json: is not a file"},
          {"directory-pipe", [](const fs::path& at) { replace_by_pipe(at); }, "step-00000004"},
          {"state-directory",
           [](const fs::path& at) {
             fs::remove(at / "state.h5");
             fs::create_directory(at / "state.h5");
           },
           "state.h5: is not a file"},
          // Its hash would take an hour.
          {"hole",
           [](const fs::path& at) {
             ForgedCheckpoint forged(at);
             const std::uint64_t bytes = std::uint64_t{1} << 43;
             fs::resize_file(forged.state(), bytes);
             forged.manifest()["state"]["bytes"] = bytes;
             forged.sign();
           },
           "are in no tensor"},
          {"million-values",
           [](const fs::path& at) {
             ForgedCheckpoint forged(at);
             forged.manifest()["more"] = std::vector<int>(std::size_t{20'000'000});
             forged.sign();
           },
           "has more values than a manifest"}};
}

class ForgedRun : public CopiedRun {
 protected:
  /// Of step 4, in a copy of the good run.
  static fs::path checkpoint_in(const std::string& run) {
    return copy_of_good(run) / "step-00000004";
  }

  /// A tool that takes a minute, or a gigabyte, fails.
  static ProgramResult ckpt(const std::string& arguments) {
    return run_program(
        fmt::format("ulimit -v 1048576; timeout 60 {} {}", RONDO_CKPT_PROGRAM, arguments));
  }

  static void expect_resumed_from_the_one_before(int ranks, const std::string& run,
                                                 const std::string& reason) {
    const ProgramResult result =
        run_program("timeout 120 " + mpirun(ranks, trainer(options(run) + " --steps 5 --resume")));

    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("skipped checkpoint"), HasSubstr("step-00000004"),
                                  HasSubstr(reason)));
    EXPECT_EQ(final_hash(output(run)), final_hash(output("whole")));
  }

  static void expect_refused_by_tools(const fs::path& checkpoint, const std::string& reason) {
    const fs::path exported = checkpoint.parent_path() / "exported";
    const std::string path = checkpoint.string();

    const ProgramResult all = ckpt("verify " + checkpoint.parent_path().string());

    EXPECT_EQ(all.code, 65) << all.err;
    EXPECT_THAT(all.out, AllOf(HasSubstr("step-00000004: invalid"), HasSubstr(reason),
                               HasSubstr("step-00000002: valid")));
    for (const std::string& command :
         {"verify " + path, "hash " + path, "export --all " + path + " " + exported.string(),
          fmt::format("diff {} {}/step-00000002", path, checkpoint.parent_path().string())}) {
      const ProgramResult refused = ckpt(command);
      EXPECT_THAT(refused.code, AnyOf(65, 66)) << command << refused.err;
      EXPECT_THAT(refused.out + refused.err, HasSubstr(reason)) << command;
    }
    EXPECT_FALSE(fs::exists(exported));
    // By manifests alone.
    EXPECT_EQ(ckpt("list " + checkpoint.parent_path().string()).code, 0);
    EXPECT_THAT(ckpt("show " + path).code, AnyOf(0, 65, 66));
  }
};

TEST_F(ForgedRun, goes_on_from_the_checkpoint_before_and_says_why) {
  int ranks = 1;
  for (const Forgery& forgery : all_forgeries()) {
    SCOPED_TRACE(forgery.name);
    ForgedCheckpoint checkpoint(checkpoint_in("resumed-" + forgery.name));
    forgery.forge(checkpoint);
    checkpoint.commit();

    expect_resumed_from_the_one_before(ranks, "resumed-" + forgery.name, forgery.reason);
    ranks = 3 - ranks;
  }
}

TEST_F(ForgedRun, is_refused_by_all_tools_that_read_it) {
  for (const Forgery& forgery : all_forgeries()) {
    SCOPED_TRACE(forgery.name);
    const fs::path directory = checkpoint_in("read-" + forgery.name);
    ForgedCheckpoint checkpoint(directory);
    forgery.forge(checkpoint);
    checkpoint.commit();

    expect_refused_by_tools(directory, forgery.reason);
  }
}

TEST_F(ForgedRun, with_something_else_in_a_files_place_is_refused_and_passed_over) {
  for (const Impostor& impostor : impostors()) {
    SCOPED_TRACE(impostor.name);
    const fs::path directory = checkpoint_in(impostor.name);
    impostor.put(directory);

    expect_refused_by_tools(directory, impostor.reason);
    expect_resumed_from_the_one_before(2, impostor.name, impostor.reason);
  }
}

TEST_F(ForgedRun, that_was_only_signed_anew_is_good) {
  const fs::path directory = checkpoint_in("unchanged");
  ForgedCheckpoint checkpoint(directory);
  checkpoint.commit();

  EXPECT_EQ(ckpt("verify " + directory.string()).code, 0);
  EXPECT_EQ(
      ckpt(fmt::format("diff {} {}/checkpoints/step-00000004", directory.string(), output("good")))
          .code,
      0);
}

}  // namespace
}  // namespace rondo::test
