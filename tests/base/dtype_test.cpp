// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/dtype.hpp"

#include <array>

#include <gtest/gtest.h>

namespace rondo {
namespace {

constexpr std::array all_dtypes{DType::f32, DType::f64, DType::f16, DType::bf16, DType::i32,
                                DType::i64, DType::u8,  DType::u16, DType::u32};

TEST(DType, dispatches_to_the_type_that_maps_back_to_it) {
  for (const DType dtype : all_dtypes) {
    const DType back = dispatch(dtype, []<class T>(std::type_identity<T>) { return dtype_of<T>; });

    EXPECT_EQ(back, dtype) << name_of(dtype);
  }
}

TEST(DType, has_the_size_of_its_name) {
  EXPECT_EQ(size_of(DType::f32), 4U);
  EXPECT_EQ(size_of(DType::f64), 8U);
  EXPECT_EQ(size_of(DType::f16), 2U);
  EXPECT_EQ(size_of(DType::bf16), 2U);
  EXPECT_EQ(size_of(DType::i32), 4U);
  EXPECT_EQ(size_of(DType::i64), 8U);
  EXPECT_EQ(size_of(DType::u8), 1U);
  EXPECT_EQ(size_of(DType::u16), 2U);
  EXPECT_EQ(size_of(DType::u32), 4U);
}

TEST(DType, keeps_the_numbers_that_stand_in_files) {
  for (std::size_t i = 0; i < all_dtypes.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(all_dtypes[i]), i);
}

TEST(DType, out_of_range_is_a_usage_error) {
  EXPECT_THROW(size_of(static_cast<DType>(9)), UsageError);
  EXPECT_EQ(name_of(static_cast<DType>(9)), "?");
}

TEST(DType, knows_which_types_are_elements) {
  EXPECT_TRUE(Element<const half>);
  EXPECT_FALSE(Element<char*>);
  EXPECT_FALSE(Element<bool>);
}

}  // namespace
}  // namespace rondo
