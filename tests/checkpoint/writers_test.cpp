// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/checkpoint/writers.hpp"

#include <fstream>
#include <functional>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/checkpoint/background.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "checkpoint/sample_state.hpp"
#include "support/file_system_type.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using namespace std::chrono_literals;

std::string content_of(const std::filesystem::path& path) {
  std::string content(std::filesystem::file_size(path), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

/// Tensors of several blocks, of a part of one, and of no element.
class Model {
 public:
  Model() : values_(1'000'000) {
    std::iota(values_.begin(), values_.end(), 1.0F);
    const auto all = std::span(values_);
    tensors_ = {{"parameter/a", {7, 100'000}, all.first(700'000)},
                {"parameter/b", {}, all.subspan(700'000, 1)},
                {"parameter/none", {0, 3}, {}},
                {"slot/a", {262'144}, all.subspan(700'001, 262'144)},
                {"slot/b", {100}, all.subspan(962'145, 100)}};
    for (const Tensor& tensor : tensors_)
      specs_.push_back({tensor.name, tensor.shape});
  }

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::vector<TensorSpec>& specs() const { return specs_; }

  /// Elements [from, to) of all tensors one after another.
  std::vector<Piece> pieces(std::size_t from, std::size_t to) const {
    std::vector<Piece> pieces;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const std::size_t end = begin + tensors_[i].data.size();
      const std::size_t first = std::clamp(from, begin, end);
      const std::size_t last = std::clamp(to, begin, end);
      if (first < last)
        pieces.push_back({i, first - begin, tensors_[i].data.subspan(first - begin, last - first)});
      begin = end;
    }
    return pieces;
  }

  static constexpr std::size_t elements = 962'245;

 private:
  std::vector<float> values_;
  std::vector<Tensor> tensors_;
  std::vector<TensorSpec> specs_;
};

/// Runs `write` for each of as many writers, each in a thread, and returns what they failed with.
std::vector<std::string> write_all(int count, std::chrono::milliseconds patience,
                                   const std::function<void(const Writer&)>& write) {
  const std::string save_id = new_save_id();
  std::vector<std::string> failures(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int number = 0; number < count; ++number)
    threads.emplace_back([&, number] {
      try {
        write({.number = number, .count = count, .save_id = save_id, .patience = patience});
      } catch (const Error& e) {
        failures[static_cast<std::size_t>(number)] = e.what();
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  return failures;
}

class Writers : public testing::Test {
 protected:
  std::vector<Piece> share_of(const Writer& writer, std::size_t writers) const {
    const auto number = static_cast<std::size_t>(writer.number);
    return model_.pieces(number * Model::elements / writers,
                         (number + 1) * Model::elements / writers);
  }

  /// All write their share of a save of this step, but the pieces that `change` gives them.
  std::vector<std::string> save_shares(
      std::size_t writers, std::uint64_t step,
      const std::function<void(const Writer&, std::vector<Piece>&)>& change = {},
      std::chrono::milliseconds patience = 20s) const {
    return write_all(static_cast<int>(writers), patience, [&](const Writer& writer) {
      auto pieces = share_of(writer, writers);
      if (change) change(writer, pieces);
      save(writer, directory_.path(), step, model_.specs(), pieces, sample_metadata);
    });
  }

  /// An older checkpoint is all there is, and nothing is left over but what the next save removes.
  void expect_only_the_older() const {
    EXPECT_EQ(find_newest(directory_.path())->step, 1U);
    save_sample(directory_.path(), 1);
    EXPECT_THAT(names_in(directory_.path()), ElementsAre("step-00000001"));
  }

  const Model model_;
  const test::TemporaryDirectory directory_;
};

TEST_F(Writers, write_the_files_that_one_would) {
  const test::TemporaryDirectory alone;
  save(alone.path(), 7, model_.tensors(), sample_metadata);

  for (const std::size_t writers : {2U, 3U, 5U}) {
    EXPECT_THAT(save_shares(writers, 7), testing::Each(IsEmpty()));

    EXPECT_THAT(names_in(directory_.path()), ElementsAre("step-00000007"));
    EXPECT_THAT(names_in(directory_.path() / "step-00000007"),
                ElementsAre("manifest.json", "state.h5"));
    for (const char* name : {"state.h5", "manifest.json"})
      EXPECT_TRUE(content_of(directory_.path() / "step-00000007" / name) ==
                  content_of(alone.path() / "step-00000007" / name))
          << name << " of " << writers << " writers";
  }
  EXPECT_EQ(verify(directory_.path() / "step-00000007").step, 7U);
}

TEST_F(Writers, may_have_nothing_to_write) {
  EXPECT_THAT(save_shares(3, 7,
                          [&](const Writer& writer, std::vector<Piece>& pieces) {
                            pieces = model_.pieces(0, writer.number == 1 ? Model::elements : 0);
                          }),
              testing::Each(IsEmpty()));
  EXPECT_EQ(verify(directory_.path() / "step-00000007").step, 7U);
}

TEST_F(Writers, replace_and_prune_as_one_does) {
  for (const std::uint64_t step : {1U, 2U, 3U, 4U, 4U})
    EXPECT_THAT(save_shares(2, step), testing::Each(IsEmpty()));

  EXPECT_THAT(names_in(directory_.path()),
              ElementsAre("step-00000002", "step-00000003", "step-00000004"));
  EXPECT_EQ(std::filesystem::read_symlink(directory_.path() / "latest"), "step-00000004");
}

TEST_F(Writers, must_hold_each_element_once) {
  save_sample(directory_.path(), 1);

  const auto lacking = save_shares(2, 2, [&](const Writer& writer, std::vector<Piece>& pieces) {
    if (writer.number == 1) pieces = model_.pieces(Model::elements / 2, Model::elements - 1);
  });
  const auto doubled = save_shares(2, 2, [&](const Writer& writer, std::vector<Piece>& pieces) {
    if (writer.number == 1) pieces = model_.pieces(Model::elements / 2 - 1, Model::elements);
  });

  EXPECT_THAT(lacking[0], AllOf(HasSubstr("'slot/b'"), HasSubstr("from element 99 on")));
  EXPECT_THAT(doubled[0], AllOf(HasSubstr("'parameter/a'"), HasSubstr("from element 481122 on")));
  expect_only_the_older();
}

TEST_F(Writers, of_whom_one_fails_all_learn_its_reason) {
  save_sample(directory_.path(), 1);

  const auto failures = save_shares(3, 2, [&](const Writer& writer, std::vector<Piece>& pieces) {
    if (writer.number == 2) pieces.front().first = 1'000'000;
  });

  EXPECT_THAT(failures[0], AllOf(HasSubstr("writer 2 failed"), HasSubstr("over its tensor's end")));
  EXPECT_THAT(failures[2], HasSubstr("over its tensor's end"));
  expect_only_the_older();
}

TEST_F(Writers, of_whom_one_has_no_room_for_its_reason_all_learn_that) {
  save_sample(directory_.path(), 1);

  const auto failures = save_shares(2, 2, [&](const Writer& writer, std::vector<Piece>& pieces) {
    if (writer.number == 0) return;
    pieces.front().first = 1'000'000;
    const auto place =
        directory_.path() / (".step-00000002." + writer.save_id + std::string(".partial"));
    while (!std::filesystem::exists(place))
      std::this_thread::sleep_for(1ms);
    // Where its reason would be written.
    std::filesystem::create_directory(place / "part-1.json.incomplete");
  });

  EXPECT_THAT(failures[0], HasSubstr("writer 1 failed, and could not write why"));
  EXPECT_THAT(failures[1], HasSubstr("over its tensor's end"));
  expect_only_the_older();
}

TEST_F(Writers, are_told_when_the_first_cannot_begin) {
  save_sample(directory_.path(), 1);

  const auto failures = write_all(2, 20s, [&](const Writer& writer) {
    const std::vector<TensorSpec> twice{{"a", {1}}, {"a", {1}}};
    save(writer, directory_.path(), 2, twice, {}, {});
  });

  EXPECT_THAT(failures[0], HasSubstr("two tensors of a checkpoint have the name 'a'"));
  EXPECT_THAT(failures[1], AllOf(HasSubstr("writer 0 failed"), HasSubstr("have the name 'a'")));
  expect_only_the_older();
}

TEST_F(Writers, do_not_wait_for_ever) {
  save_sample(directory_.path(), 1);
  const auto failures = save_shares(
      3, 2,
      [](const Writer& writer, std::vector<Piece>&) {
        if (writer.number > 0) throw IoError(ExitCode::io, "never came");
      },
      50ms);

  EXPECT_THAT(failures[0],
              HasSubstr("of 3 writers, 1, 2 have not written their parts within 0.05"));
  expect_only_the_older();
}

TEST_F(Writers, need_one_directory) {
  const test::TemporaryDirectory elsewhere;

  const auto failures = write_all(2, 200ms, [&](const Writer& writer) {
    save(writer, writer.number == 0 ? directory_.path() : elsewhere.path(), 2, model_.specs(),
         share_of(writer, 2), {});
  });

  EXPECT_THAT(failures[1], HasSubstr("on a file system that they share"));
  EXPECT_THAT(failures[0], HasSubstr("have not written their parts"));
  EXPECT_THAT(names_in(elsewhere.path()), IsEmpty());
}

TEST_F(Writers, must_have_the_same_tensors) {
  const auto failures = write_all(2, 20s, [&](const Writer& writer) {
    auto specs = model_.specs();
    if (writer.number == 1) specs[0].shape = {100'000, 7};
    save(writer, directory_.path(), 2, specs, share_of(writer, 2), {});
  });

  EXPECT_THAT(failures[1], HasSubstr("writer 1 of a checkpoint has other tensors"));
  EXPECT_THAT(failures[0], HasSubstr("writer 1 failed"));
}

TEST_F(Writers, save_behind_their_programs) {
  const std::string save_id = new_save_id();
  std::vector<BackgroundSaver> savers(2);
  for (int number = 0; number < 2; ++number) {
    const Writer writer{.number = number, .count = 2, .save_id = save_id};
    savers[static_cast<std::size_t>(number)].start(writer, directory_.path(), 5, model_.specs(),
                                                   share_of(writer, 2), sample_metadata);
  }
  for (BackgroundSaver& saver : savers)
    saver.wait();

  EXPECT_EQ(verify(directory_.path() / "step-00000005").metadata, sample_metadata);
}

TEST(SharedMark, is_of_no_use_where_old_content_is_shown) {
  const test::TemporaryDirectory directory;
  EXPECT_FALSE(shows_old_content(directory.path()));
  {
    const test::PretendedFileSystem pretended(test::nfs);
    EXPECT_TRUE(shows_old_content(directory.path()));
  }
  EXPECT_FALSE(shows_old_content(directory.path() / "missing"));
}

TEST(SharedMark, is_seen_in_its_directory_while_it_lives) {
  const test::TemporaryDirectory directory;
  std::string name;
  {
    const SharedMark mark(directory.path() / "new");
    name = mark.name();
    EXPECT_TRUE(is_marked(directory.path() / "new", name));
    EXPECT_FALSE(is_marked(directory.path(), name));
  }
  EXPECT_FALSE(is_marked(directory.path() / "new", name));
  EXPECT_NE(new_save_id(), new_save_id());
}

}  // namespace
}  // namespace rondo::checkpoint
