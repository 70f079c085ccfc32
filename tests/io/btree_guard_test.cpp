// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/btree_guard.hpp"

#include <cstring>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::io {
namespace {

constexpr std::byte group{0};
constexpr std::byte chunks{1};

void put(std::vector<std::byte>& bytes, std::size_t position, std::uint64_t value) {
  std::memcpy(bytes.data() + position, &value, sizeof(value));
}

/// A node of a group's tree: 24 bytes of header, then key, child, key, child, ... key.
std::vector<std::byte> node(std::byte kind, unsigned level,
                            const std::vector<std::uint64_t>& children) {
  std::vector<std::byte> bytes(24 + 8 * (2 * children.size() + 1));
  std::memcpy(bytes.data(), "TREE", 4);
  bytes[4] = kind;
  bytes[5] = static_cast<std::byte>(level);
  bytes[6] = static_cast<std::byte>(children.size());
  for (std::size_t i = 0; i < children.size(); ++i)
    put(bytes, 32 + 16 * i, children[i]);
  return bytes;
}

/// A file of nothing but nodes.
class Tree : public ::testing::Test {
 protected:
  bool allows(std::uint64_t offset) {
    return guard_.allows(offset, nodes_.at(offset), 0,
                         [&](std::uint64_t child, std::span<std::byte> bytes) {
                           const auto found = nodes_.find(child);
                           if (found == nodes_.end()) return false;
                           std::memcpy(bytes.data(), found->second.data(), bytes.size());
                           return true;
                         });
  }

  std::map<std::uint64_t, std::vector<std::byte>> nodes_;
  BtreeGuard guard_;
};

TEST_F(Tree, may_be_read_and_read_again) {
  nodes_ = {{1, node(group, 2, {2, 3})},
            {2, node(group, 1, {4})},
            {3, node(group, 1, {5})},
            {4, node(group, 0, {77})},
            {5, node(group, 0, {})}};

  for (int time = 0; time < 2; ++time)
    for (const std::uint64_t offset : {1U, 2U, 3U, 4U, 5U})
      EXPECT_TRUE(allows(offset)) << offset;
}

TEST_F(Tree, must_not_contain_itself) {
  nodes_ = {{1, node(group, 1, {1})}};
  EXPECT_FALSE(allows(1));

  nodes_ = {{11, node(group, 2, {12})}, {12, node(group, 1, {11})}};
  EXPECT_TRUE(allows(11));
  EXPECT_FALSE(allows(12));
}

TEST_F(Tree, must_not_share_a_node) {
  nodes_ = {{1, node(group, 1, {3})}, {2, node(group, 1, {3})}, {3, node(group, 0, {})}};

  EXPECT_TRUE(allows(1));
  EXPECT_FALSE(allows(2));
}

TEST_F(Tree, must_not_lead_to_anything_but_nodes_of_its_kind_one_level_lower) {
  nodes_ = {{1, node(group, 2, {2})},  {2, node(group, 0, {})},  {3, node(group, 1, {4})},
            {4, node(chunks, 0, {})},  {5, node(group, 1, {6})}, {6, std::vector<std::byte>(40)},
            {7, node(group, 1, {999})}};

  for (const std::uint64_t offset : {1U, 3U, 5U, 7U})
    EXPECT_FALSE(allows(offset)) << offset;
}

TEST_F(Tree, must_not_be_absurdly_deep_or_longer_than_what_was_read) {
  nodes_ = {{1, node(group, 9, {})},
            {2, node(group, 1, {3, 4})},
            {3, node(group, 0, {})},
            {4, node(group, 0, {})}};
  nodes_[2].resize(40);

  EXPECT_FALSE(allows(1));
  EXPECT_FALSE(allows(2));
}

TEST_F(Tree, of_chunks_must_have_the_usual_number_of_entries) {
  nodes_ = {{1, node(chunks, 1, {2})}, {2, node(chunks, 0, {})}};
  EXPECT_FALSE(allows(1));

  // 64 children and 65 keys of 24 bytes: size, filters, two offsets of 8 bytes.
  std::vector<std::byte> whole(24 + 64 * 8 + 65 * 24);
  std::memcpy(whole.data(), nodes_[1].data(), 24);
  put(whole, 24 + 24, 2);
  nodes_[11] = whole;
  EXPECT_TRUE(allows(11));
}

TEST_F(Tree, is_all_that_is_looked_at) {
  nodes_ = {{1, std::vector<std::byte>(512)}, {2, std::vector<std::byte>(3)}};

  EXPECT_TRUE(allows(1));
  EXPECT_TRUE(allows(2));
}

}  // namespace
}  // namespace rondo::io
