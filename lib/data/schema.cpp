// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/schema.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "data/problems.hpp"
#include "data/schema_fields.hpp"
#include "data/statistics.hpp"

namespace rondo::data::schema {
namespace {

/// Read at once where all samples pass by.
constexpr std::size_t block_bytes = std::size_t{1} << 20;
/// Images that mean and deviation are found from, at most.
constexpr std::size_t measured_bytes = std::size_t{256} << 20;

const Field* find(const std::vector<Field>& fields, const char* name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.info.name == name; });
  return found == fields.end() || found->info.samples == 0 ? nullptr : &*found;
}

/// Calls `use(bytes)` with samples [first, last), a block at a time.
template <class Use>
void for_each_block(const Field& field, std::size_t first, std::size_t last, Use use) {
  const std::size_t sample_bytes = field.info.sample_bytes();
  const std::size_t block = std::max<std::size_t>(1, block_bytes / sample_bytes);
  std::vector<std::byte> buf(std::min(block, last - first) * sample_bytes);
  for (; first < last; first += block) {
    const std::size_t count = std::min(block, last - first);
    const auto bytes = std::span(buf).first(count * sample_bytes);
    field.dataset.read_row_bytes(first, count, bytes);
    use(std::span<const std::byte>(bytes));
  }
}

/// Stands in for the labels' hash where there are none.
std::uint64_t hash_of_shapes(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields)
    text += fmt::format("{} x {};", field.info.samples, describe(field.info));
  return content_hash(text);
}

/// Reads one split: what it found so far, and what is wrong with it.
class SplitReader {
 public:
  SplitReader(const io::Hdf5File& file, const std::string& split, const Dataset::Options& options,
              Problems& problems)
      : file_(file), options_(options), problems_(problems) {
    info_.split = split;
  }

  Split read() {
    std::vector<Field> fields = read_fields();
    if (const Field* field = find_label(fields)) {
      if (const auto classes = stated_classes()) {
        count_labels(*field, *classes);
        read_class_names();
      }
    }
    problems_.throw_if_any();
    if (const Field* field = find(fields, image); field != nullptr && info_.mean.empty())
      measure(*field);
    if (info_.classes == 0) info_.label_hash = hash_of_shapes(fields);
    return result(std::move(fields));
  }

  Split read_headers() {
    std::vector<Field> fields = read_fields();
    if (find_label(fields) != nullptr) info_.classes = stated_classes().value_or(0);
    if (info_.classes > 0) read_class_names();
    return result(std::move(fields));
  }

 private:
  std::vector<Field> read_fields() {
    std::vector<Field> fields = open_fields(file_, info_.split, options_, problems_);
    read_extent(fields);
    if (file_.has_attribute("", "source"))
      info_.source = problems_.attempt([&] { return file_.text("", "source"); }).value_or("");
    if (const Field* field = find(fields, image)) read_image(*field);
    return fields;
  }

  Split result(std::vector<Field> fields) {
    Split split{std::move(info_), {}};
    for (Field& field : fields) {
      split.info.fields.push_back(std::move(field.info));
      split.datasets.push_back(std::move(field.dataset));
    }
    return split;
  }

  void read_extent(const std::vector<Field>& fields) {
    if (fields.empty()) {
      if (!problems_.any())
        problems_.add(fmt::format("{}: expected a group of fields, found nothing", info_.split));
      return;
    }
    const auto& largest = std::max_element(fields.begin(), fields.end(), [](auto& a, auto& b) {
                            return a.info.sample_bytes() < b.info.sample_bytes();
                          })->info;
    info_.samples = largest.samples;
    info_.chunk_samples = largest.chunk_samples;
    info_.checksum = largest.checksum;
    info_.bytes = largest.stored_bytes;
    if (!file_.has_attribute(info_.split, "samples")) return;
    const auto stated = problems_.attempt([&] { return file_.integer(info_.split, "samples"); });
    if (stated && (*stated < 0 || static_cast<std::size_t>(*stated) != info_.samples))
      problems_.add(fmt::format("attribute {}@samples: expected {}, as {} has, found {}",
                                info_.split, info_.samples, largest.path, *stated));
  }

  void read_image(const Field& field) {
    if (field.info.sample_shape.size() < 2 || field.info.sample_shape.size() > 3) return;
    const ImageShape shape = image_shape(field.info);
    info_.channels = shape.channels;
    info_.height = shape.height;
    info_.width = shape.width;
    const bool has_bytes = field.info.dtype == DType::u8;
    info_.mean =
        per_channel("mean", options_.given.mean, has_bytes ? std::optional(0.0) : std::nullopt);
    info_.deviation = per_channel("deviation", options_.given.deviation, 1e-6);
    if (info_.mean.empty() != info_.deviation.empty())
      problems_.add("attributes mean and deviation: expected both or neither, found one");
  }

  std::vector<float> per_channel(const char* attribute, const std::vector<float>& given,
                                 std::optional<double> minimum) {
    std::vector<float> result = given;
    if (given.empty()) {
      if (!file_.has_attribute("", attribute)) return {};
      const auto values = problems_.attempt([&] { return file_.numbers("", attribute); });
      if (!values) return {};
      result.assign(values->begin(), values->end());
    }
    const bool is_usable = std::all_of(result.begin(), result.end(), [&](float value) {
      return std::isfinite(value) && (!minimum || double{value} >= *minimum);
    });
    problems_.add_unless(
        is_usable, fmt::format("attribute {}: expected finite numbers{}, found ({})", attribute,
                               minimum ? fmt::format(" of at least {}", *minimum) : "",
                               fmt::join(result, ", ")));
    problems_.add_unless(result.size() == info_.channels,
                         fmt::format("attribute {}: expected one number for each of {} channels, "
                                     "found {}",
                                     attribute, info_.channels, result.size()));
    return result;
  }

  /// The field label if it holds class labels; noted if it does not, but must.
  const Field* find_label(const std::vector<Field>& fields) {
    const Field* field = find(fields, label);
    if (field == nullptr || holds_labels(field->info)) return field;
    const auto& required = options_.required;
    problems_.add_unless(
        std::find(required.begin(), required.end(), label) == required.end(),
        fmt::format("{}: expected whole numbers (samples), found {} ({})", field->info.path,
                    name_of(field->info.dtype), fmt::join(field->dataset.shape(), ", ")));
    return nullptr;
  }

  /// 0 if neither the caller nor the file says how many; none if what the file says is unusable.
  std::optional<std::size_t> stated_classes() {
    if (options_.given.classes != 0) return options_.given.classes;
    if (!file_.has_attribute("", "classes")) return 0;
    const auto classes = problems_.attempt([&] { return file_.integer("", "classes"); });
    if (!classes) return std::nullopt;
    if (*classes >= 1 && *classes <= static_cast<std::int64_t>(max_classes))
      return static_cast<std::size_t>(*classes);
    problems_.add(
        fmt::format("attribute classes: expected 1 to {}, found {}", max_classes, *classes));
    return std::nullopt;
  }

  void count_labels(const Field& field, std::size_t classes) {
    LabelStatistics statistics(classes);
    ContentHasher hasher;
    const auto is_read = problems_.attempt([&] {
      for_each_block(field, 0, field.info.samples, [&](std::span<const std::byte> labels) {
        statistics.add(field.info.dtype, labels);
        hasher.add(labels);
      });
      return true;
    });
    if (!is_read) return;
    if (const auto& found = statistics.outliers(); found.count > 0)
      problems_.add(fmt::format(
          "{}: expected labels from 0, below {} ({}), found {} at sample {} ({} such samples)",
          field.info.path, classes == 0 ? max_classes : classes,
          classes == 0 ? "the most there may be" : "attribute classes", found.label, found.sample,
          found.count));
    info_.label_counts = statistics.counts();
    info_.classes = info_.label_counts.size();
    info_.label_hash = hasher.value();
    if (classes == 0)
      info_.notes.push_back(fmt::format("classes: {} taken, the highest label of {} + 1",
                                        info_.classes, field.info.path));
  }

  void read_class_names() {
    if (!file_.has_attribute("", "class_names")) return;
    info_.class_names = problems_.attempt([&] { return file_.texts("", "class_names"); })
                            .value_or(info_.class_names);
    problems_.add_unless(info_.class_names.size() == info_.classes,
                         fmt::format("attribute class_names: expected {} names, found {}",
                                     info_.classes, info_.class_names.size()));
  }

  /// Mean and deviation, from whole chunks spread evenly over the split.
  void measure(const Field& field) {
    const std::size_t chunk = field.info.chunk_samples;
    const std::size_t chunks = (field.info.samples - 1) / chunk + 1;
    const std::size_t measured =
        std::clamp<std::size_t>(measured_bytes / (chunk * field.info.sample_bytes()), 1, chunks);
    ImageStatistics statistics(field.info);
    std::size_t samples = 0;
    for (std::size_t i = 0; i < measured; ++i) {
      const std::size_t first = i * chunks / measured * chunk;
      const std::size_t last = std::min(first + chunk, field.info.samples);
      for_each_block(field, first, last,
                     [&](std::span<const std::byte> images) { statistics.add(images); });
      samples += last - first;
    }
    const auto mean = statistics.mean();
    const auto deviation = statistics.deviation();
    info_.mean.assign(mean.begin(), mean.end());
    info_.deviation.assign(deviation.begin(), deviation.end());
    info_.notes.push_back(
        fmt::format("mean {:.4f} and deviation {:.4f}: measured on {} samples of {}",
                    fmt::join(mean, ", "), fmt::join(deviation, ", "), samples, field.info.path));
  }

  const io::Hdf5File& file_;
  const Dataset::Options& options_;
  Problems& problems_;
  DatasetInfo info_;
};

/// Without `{split}` in its path, a field is the training split's.
bool holds_mapped_field(const io::Hdf5File& file, const FieldMap& map, const std::string& split) {
  return std::any_of(map.begin(), map.end(), [&](const auto& entry) {
    const auto& [key, path] = entry;
    const bool is_of_split = path.find("{split}") != std::string::npos || split == "train";
    return key.find('/') == std::string::npos && is_of_split &&
           file.contains(field_path(map, split, key));
  });
}

}  // namespace

bool is_rondo_file(const io::Hdf5File& file) {
  if (!file.has_attribute("", "format") || file.text("", "format") != format_name) return false;
  if (const std::int64_t found = file.integer("", "version"); found != version)
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: attribute version: expected {}, found {}: convert the data again",
                    file.path(), version, found));
  return true;
}

std::vector<std::string> split_names(const io::Hdf5File& file, const FieldMap& map) {
  std::set<std::string> names;
  if (map.empty() || is_rondo_file(file)) {
    const std::vector<std::string> found = file.names("");
    names.insert(found.begin(), found.end());
  } else {
    for (const char* split : {"train", "test", "validation"})
      if (holds_mapped_field(file, map, split)) names.insert(split);
  }
  for (const auto& [key, path] : map)
    if (const std::size_t slash = key.rfind('/'); slash != std::string::npos)
      names.insert(key.substr(0, slash));
  std::vector<std::string> ordered(names.begin(), names.end());
  if (const auto train = std::find(ordered.begin(), ordered.end(), "train"); train != ordered.end())
    std::rotate(ordered.begin(), train, train + 1);
  return ordered;
}

void require_format(const io::Hdf5File& file, const Dataset::Options& options) {
  if (options.field_map.empty() && !is_rondo_file(file))
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: is not a Rondo data set: attribute format: expected \"{}\", found {} "
                    "(rondo-data convert makes one; --field image=/path reads another HDF5 file)",
                    file.path(), format_name,
                    file.has_attribute("", "format")
                        ? fmt::format("\"{}\"", file.text("", "format"))
                        : "none"));
}

Split read_split(const io::Hdf5File& file, const std::string& split,
                 const Dataset::Options& options) {
  require_format(file, options);
  Problems problems(file.path());
  return SplitReader(file, split, options, problems).read();
}

Split read_headers(const io::Hdf5File& file, const std::string& split,
                   const Dataset::Options& options, Problems& problems) {
  require_format(file, options);
  return SplitReader(file, split, options, problems).read_headers();
}

}  // namespace rondo::data::schema
