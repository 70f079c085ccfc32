// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/checkpoint/inspect.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/hash.hpp"

#include "checkpoint/sample_state.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Describe, tells_what_was_saved_in_its_order) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 7);

  const Contents contents = describe(directory.path() / "step-00000007");

  EXPECT_EQ(contents.step, 7U);
  EXPECT_EQ(contents.metadata, sample_metadata);
  EXPECT_EQ(contents.state_bytes,
            std::filesystem::file_size(directory.path() / "step-00000007" / "state.h5"));
  std::vector<std::string> names;
  for (const TensorEntry& tensor : contents.tensors)
    names.push_back(tensor.name);
  EXPECT_THAT(names,
              ElementsAre("parameter/conv1.weight", "parameter/conv1.bias", "parameter/fc.weight",
                          "parameter/temperature", "slot/momentum/conv1.weight"));
}

TEST(Describe, a_copy_may_have_any_name_but_that_of_another_step) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 7);
  const auto copy_to = [&](const char* name) {
    std::filesystem::copy(directory.path() / "step-00000007", directory.path() / name);
    return directory.path() / name;
  };

  EXPECT_EQ(verify(copy_to("best")).step, 7U);
  EXPECT_EQ(failure_of([&] { describe(copy_to("step-00000008")); }).code, ExitCode::bad_content);
}

TEST(Describe, tells_missing_from_refused) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 7);

  EXPECT_EQ(failure_of([&] { describe(directory.path() / "absent"); }).code,
            ExitCode::missing_input);
  EXPECT_EQ(failure_of([&] { describe(directory.path()); }).code, ExitCode::missing_input);
  const Failure link = failure_of([&] { describe(directory.path() / "latest"); });
  EXPECT_EQ(link.code, ExitCode::bad_content);
  EXPECT_THAT(link.text, HasSubstr("is a symbolic link"));
}

TEST(Reader, gives_every_tensor_bit_for_bit) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 7);
  SampleState saved(7);

  const Reader reader(directory.path() / "step-00000007");

  for (std::size_t i = 0; i < saved.tensors().size(); ++i) {
    const auto read = reader.read(reader.contents().tensors[i]);
    EXPECT_EQ(content_hash(std::as_bytes(read.span())),
              content_hash(std::as_bytes(saved.tensors()[i].data)));
  }
}

TEST(Reader, gives_any_part_of_a_tensor) {
  const test::TemporaryDirectory directory;
  std::vector<float> values(700'001);
  std::iota(values.begin(), values.end(), 0.0F);
  const std::vector<Tensor> tensors{{"a/b", {700'001}, values}};
  save(directory.path(), 1, tensors, {});
  const Reader reader(directory.path() / "step-00000001");
  const TensorEntry& tensor = reader.contents().tensors[0];

  for (const auto& [first, count] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 700'001},
                                                        {0, 0},
                                                        {700'001, 0},
                                                        {700'000, 1},
                                                        {262'143, 2},
                                                        {5, 262'139},
                                                        {262'144, 262'144},
                                                        {100'000, 500'000}}) {
    std::vector<float> part(count, -1.0F);
    reader.read(tensor, first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + static_cast<long>(first)))
        << count << " from " << first;
  }
  std::vector<float> two(2);
  EXPECT_THROW(reader.read(tensor, 700'000, two), UsageError);
  EXPECT_THROW(reader.read({"a/c", {1}}, 0, two), UsageError);
}

TEST(ParametersHash, is_of_names_and_values_of_the_parameters_in_order) {
  const test::TemporaryDirectory directory;
  std::vector<float> a{1, 2};
  std::vector<float> b{3};
  const auto hash_of = [&](const std::vector<Tensor>& tensors) {
    save(directory.path(), 1, tensors, {});
    return parameters_hash(Reader(directory.path() / "step-00000001"));
  };

  const std::uint64_t hash = hash_of({{"parameter/z", {2}, a}, {"parameter/b", {1}, b}});

  std::uint64_t expected = 0;
  for (const auto& [name, values] : {std::pair("z", std::span(a)), std::pair("b", std::span(b))})
    expected = content_hash(std::as_bytes(values), content_hash(std::string_view(name), expected));
  EXPECT_EQ(hash, expected);
  EXPECT_EQ(hash_of({{"parameter/z", {2}, a}, {"slot/x", {2}, a}, {"parameter/b", {1}, b}}), hash);
  b[0] = 4;
  EXPECT_NE(hash_of({{"parameter/z", {2}, a}, {"parameter/b", {1}, b}}), hash);
}

}  // namespace
}  // namespace rondo::checkpoint
