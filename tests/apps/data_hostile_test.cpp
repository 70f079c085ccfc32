// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Data sets that want something else than to be read, shown to the real program: refused with exit
// code 65 in a second and 100 MB, and nothing but the file itself is opened.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/inotify.h>
#include <sys/resource.h>

#include "rondo/base/file_descriptor.hpp"

#include "apps/data_idx_set.hpp"

namespace rondo::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Counts how often files of a directory are opened, whoever does it.
class OpenCounter {
 public:
  explicit OpenCounter(const std::filesystem::path& directory)
      : descriptor_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(::inotify_add_watch(descriptor_.get(), directory.c_str(), IN_OPEN), 0);
  }
  bool any() const {
    char event[4096];
    return ::read(descriptor_.get(), event, sizeof(event)) > 0;
  }

 private:
  FileDescriptor descriptor_;
};

double cpu_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

class HostileDataset : public ::testing::Test {
 protected:
  HostileDataset() {
    std::filesystem::create_directory(elsewhere_);
    write_file(elsewhere_ / "secret", "secret secret secret secret secret");
    write_file(elsewhere_ / "libplugin.so", "no library");
    EXPECT_EQ(set_.convert().code, 0);
  }

  /// Changes the good data set by bare HDF5.
  void change(const std::function<void(hid_t file)>& what) const {
    const hid_t file = H5Fopen(set_.output().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    ASSERT_GE(file, 0);
    what(file);
    ASSERT_GE(H5Fclose(file), 0);
  }

  /// Puts an unwritten dataset of u8 in the place of `name`.
  void replace(const char* name, const std::vector<hsize_t>& shape,
               const std::function<void(hid_t properties)>& set, hid_t type = H5T_STD_U8LE) const {
    change([&](hid_t file) {
      ASSERT_GE(H5Ldelete(file, name, H5P_DEFAULT), 0);
      const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
      const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
      set(properties);
      const hid_t dataset =
          H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
      EXPECT_GE(dataset, 0);
      H5Dclose(dataset);
      H5Pclose(properties);
      H5Sclose(space);
    });
  }

  void replace_link(const char* name, const std::function<void(hid_t file)>& link) const {
    change([&](hid_t file) {
      ASSERT_GE(H5Ldelete(file, name, H5P_DEFAULT), 0);
      link(file);
    });
  }

  struct Program {
    std::string name;
    std::string command;
  };
  /// All that may be shown a stranger's file.
  std::vector<Program> programs() const {
    const std::string file = shell_word(set_.output().string());
    const std::string data = RONDO_DATA_PROGRAM;
    const std::string made = shell_word(made_.string());
    return {{"inspect", fmt::format("{} inspect {}", data, file)},
            {"verify", fmt::format("{} verify {}", data, file)},
            {"doctor", fmt::format("{} doctor {}", data, file)},
            {"rechunk", fmt::format("{} rechunk {} {}", data, file, made)},
            {"split", fmt::format("{} split {} --output {}", data, file, made)},
            {"train", fmt::format("{} --data {} --lanes 2 --output {}", RONDO_TRAIN_IMAGE_PROGRAM,
                                  file, made)}};
  }

  /// Shows the file to `program`, which must end with 65 and say why, soon and in little memory,
  /// without opening or making any other file.
  void expect_refusal(const Program& program, const std::string& why) const {
    SCOPED_TRACE(program.name);
    const OpenCounter counter(elsewhere_);
    rusage before{}, after{};
    ::getrusage(RUSAGE_CHILDREN, &before);
    const ProgramResult result = run_program(
        fmt::format("HDF5_PLUGIN_PATH={} {}", shell_word(elsewhere_.string()), program.command));
    ::getrusage(RUSAGE_CHILDREN, &after);
    EXPECT_EQ(result.code, 65) << result.err;
    EXPECT_THAT(result.out + result.err, AllOf(HasSubstr(set_.output().string()), HasSubstr(why)));
    EXPECT_FALSE(counter.any()) << "another file was opened";
    EXPECT_FALSE(std::filesystem::exists(made_)) << "something was made of it";
    // Of the CPU, because the machine has other work too.
    EXPECT_LT(cpu_seconds(after.ru_utime) - cpu_seconds(before.ru_utime), 1);
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(after.ru_maxrss, 100'000) << "kB, the most of any program so far";
#endif
  }
  void expect_refusals(const std::string& why) const {
    for (const Program& program : programs())
      expect_refusal(program, why);
  }

  IdxSet set_;
  std::filesystem::path elsewhere_ = set_.path("elsewhere");
  std::filesystem::path made_ = set_.path("made");  ///< what some programs are told to make
};

const auto nothing = [](hid_t) {};

TEST_F(HostileDataset, would_be_caught_opening_another_file) {
  const OpenCounter counter(elsewhere_);
  EXPECT_FALSE(counter.any());

  read_file(elsewhere_ / "secret");

  EXPECT_TRUE(counter.any());
}

TEST_F(HostileDataset, with_external_storage) {
  replace("train/image", {5, 1, 2, 3}, [&](hid_t properties) {
    H5Pset_external(properties, (elsewhere_ / "secret").c_str(), 0, 30);
  });

  expect_refusals("train/image: has external storage");
}

TEST_F(HostileDataset, that_is_virtual) {
  replace("train/image", {5, 1, 2, 3}, [&](hid_t properties) {
    const std::vector<hsize_t> shape{5, 1, 2, 3};
    const hid_t space = H5Screate_simple(4, shape.data(), nullptr);
    H5Pset_virtual(properties, space, (elsewhere_ / "secret").c_str(), "x", space);
    H5Sclose(space);
  });

  expect_refusals("train/image: is a virtual dataset");
}

TEST_F(HostileDataset, with_links_to_elsewhere) {
  replace_link("train/image", [&](hid_t file) {
    H5Lcreate_external((elsewhere_ / "secret").c_str(), "/x", file, "train/image", H5P_DEFAULT,
                       H5P_DEFAULT);
  });
  expect_refusals("train/image: is an external link");

  replace_link("train/image", [&](hid_t file) {
    H5Lcreate_soft("/test/image", file, "train/image", H5P_DEFAULT, H5P_DEFAULT);
  });
  expect_refusals("train/image: is a soft link");
}

TEST_F(HostileDataset, with_cycles_of_links) {
  replace_link("train", [](hid_t file) {
    H5Lcreate_soft("/train", file, "train", H5P_DEFAULT, H5P_DEFAULT);
  });
  expect_refusals("is a soft link");

  replace_link("train", [](hid_t file) {
    H5Lcreate_hard(file, "/", file, "train", H5P_DEFAULT, H5P_DEFAULT);
  });
  expect_refusals("expected a dataset, found another kind of object");
}

TEST_F(HostileDataset, that_declares_more_than_it_holds) {
  replace("train/image", {1'000'000'000'000, 3, 100, 100}, nothing);
  expect_refusals("declares shape (1000000000000, 3, 100, 100)");

  replace("train/image", {1'000'000'000'000, 3, 100, 100}, [](hid_t properties) {
    const std::vector<hsize_t> chunk{1, 3, 100, 100};
    H5Pset_chunk(properties, 4, chunk.data());
    H5Pset_deflate(properties, 9);
  });
  expect_refusals("declares shape (1000000000000, 3, 100, 100)");
}

TEST_F(HostileDataset, of_an_absurd_rank) {
  replace("train/image", std::vector<hsize_t>(32, 1), nothing);
  expect_refusals("train/image: ");
}

TEST_F(HostileDataset, with_an_unknown_filter) {
  replace("train/image", {5, 1, 2, 3}, [](hid_t properties) {
    const std::vector<hsize_t> chunk{5, 1, 2, 3};
    H5Pset_chunk(properties, 4, chunk.data());
    H5Pset_filter(properties, 32015, H5Z_FLAG_OPTIONAL, 0, nullptr);
  });

  expect_refusals("train/image: uses filter 32015");
}

/// Replaces the attribute of the root group by `count` texts of variable length.
void set_variable_texts(hid_t file, const char* name, hsize_t count, const char* text) {
  H5Adelete(file, name);
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  const hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(attribute, 0);
  const std::vector<const char*> texts(count, text);
  H5Awrite(attribute, type, static_cast<const void*>(texts.data()));
  H5Aclose(attribute);
  H5Tclose(type);
  H5Sclose(space);
}

TEST_F(HostileDataset, with_absurd_attributes) {
  change([](hid_t file) { set_variable_texts(file, "format", 3000, "rondo-dataset"); });
  expect_refusals("attribute format: expected one value, found 3000");

  const std::string long_text(1'500'000, 'x');
  change([&](hid_t file) { set_variable_texts(file, "format", 1, long_text.c_str()); });
  expect_refusals("attribute format: ");
}

TEST_F(HostileDataset, may_have_attributes_of_variable_length) {
  change([](hid_t file) { set_variable_texts(file, "format", 1, "rondo-dataset"); });

  const ProgramResult result = run_program(
      fmt::format("{} inspect {}", RONDO_DATA_PROGRAM, shell_word(set_.output().string())));

  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(HostileDataset, of_another_type_and_shape_gets_one_message) {
  replace("train/image", {5, 2, 3}, nothing, H5T_STD_U8LE);
  replace("train/label", {4}, nothing, H5T_STD_U8LE);

  for (const char* difference : {"train/image: ", "train/label: "})
    expect_refusals(difference);
}

TEST_F(HostileDataset, without_samples_or_with_labels_for_others) {
  replace("train/image", {0, 1, 2, 3}, nothing);
  expect_refusals("expected at least one sample");
}

TEST_F(HostileDataset, that_is_truncated) {
  const std::string whole = read_file(set_.output());
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{95}, whole.size() / 2, whole.size() - 1}) {
    write_file(set_.output(), whole.substr(0, size));
    SCOPED_TRACE(size);
    expect_refusals("");
  }
}

}  // namespace
}  // namespace rondo::test
