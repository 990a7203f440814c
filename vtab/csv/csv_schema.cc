#include "vtab/csv/csv_schema.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "vtab/csv/csv_column_names.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr size_t kSampleRecords = 200;

// A sample, cut into cells that own their text.
struct Table {
  std::vector<std::vector<std::string>> rows;
  std::vector<uint64_t> lines;
};

Table Cut(std::string_view sample, bool whole, char separator) {
  Table table;
  CsvReader reader(CsvFromText(sample), separator, sample.size() + 4);
  CsvRecord record;
  bool last_is_cut = !whole && !sample.ends_with('\n');
  for (;;) {
    const Result<bool> more = reader.Next(record);
    // A quote that the cut leaves open is no error of the file.
    if (!more.ok() && more.status().code() != StatusCode::kInvalidArgument) break;
    if (more.ok() && !more.value()) break;
    if (!more.ok()) continue;
    if (table.rows.size() == kSampleRecords) {
      last_is_cut = false;
      break;
    }
    table.rows.emplace_back(record.fields.begin(), record.fields.end());
    table.lines.push_back(record.line);
  }
  if (last_is_cut && table.rows.size() > 1) table.rows.pop_back();
  return table;
}

// Records that have as many fields as the first, if that is more than one.
size_t Agreement(const Table& table) {
  if (table.rows.empty() || table.rows[0].size() < 2) return 0;
  return static_cast<size_t>(
      std::count_if(table.rows.begin(), table.rows.end(),
                    [&table](const auto& row) { return row.size() == table.rows[0].size(); }));
}

Result<char> DetectSeparator(std::string_view sample, bool whole) {
  char best = '\0';
  size_t best_percent = 0;
  bool any = false;
  // The comma comes last: beside another separator it is a decimal point.
  for (const char separator : {'\t', ';', '|', ','}) {
    const Table table = Cut(sample, whole, separator);
    // Quoted fields cut with the wrong separator are bad records.
    if (table.rows.empty()) continue;
    any = true;
    const size_t percent = 100 * Agreement(table) / table.rows.size();
    if (percent > best_percent) {
      best = separator;
      best_percent = percent;
    }
  }
  if (best != '\0') return best;
  if (!any) return Status::InvalidArgument("the CSV file is empty");
  return Status::InvalidArgument(
      "no separator found: the file has one column, or not as many in every line; separators are "
      "comma, semicolon, tab and |");
}

bool IsDecimalComma(std::string_view cell) {
  const std::string_view text = TrimBlanks(cell);
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos || text.find('.') != std::string_view::npos) return false;
  std::string with_point(text);
  with_point[comma] = '.';
  return ParseWholeNumber(with_point).has_value();
}

bool IsNumber(std::string_view cell) {
  return ParseWholeNumber(cell).has_value() || IsDecimalComma(cell);
}

class SchemaDetector {
 public:
  SchemaDetector(Table table, const CsvOptions& options)
      : table_(std::move(table)), options_(options) {}

  Result<CsvSchema> Detect(char separator) {
    schema_.separator = separator;
    schema_.time_zone = options_.time_zone;
    schema_.column_count = table_.rows[0].size();
    schema_.header = options_.header.value_or(HasHeader());
    used_.assign(schema_.column_count, false);
    schema_.decimal_comma = options_.decimal_comma ? *options_.decimal_comma : HasDecimalComma();
    XTDB_RETURN_IF_ERROR(FindTimeColumn());
    XTDB_RETURN_IF_ERROR(FindOtherColumns());
    XTDB_RETURN_IF_ERROR(DetectTimeFormat());
    return schema_;
  }

 private:
  using Column = std::optional<size_t>;
  static constexpr std::string_view kNoName = "";

  std::span<const std::vector<std::string>> DataRows() const {
    return std::span(table_.rows).subspan(schema_.header ? 1 : 0);
  }

  std::string_view HeaderCell(size_t column) const {
    return schema_.header ? std::string_view(table_.rows[0][column]) : kNoName;
  }

  bool HasHeader() const {
    bool any_text = false, any_data = false;
    for (const std::string& cell : table_.rows[0]) {
      if (IsTimeName(cell)) return true;
      any_text = any_text || !TrimBlanks(cell).empty();
      any_data = any_data || LooksLikeTime(cell) || IsNumber(cell);
    }
    return any_text && !any_data;
  }

  // How many cells of the column that are not empty satisfy `holds`, in percent; 0 if all are
  // empty.
  template <typename Predicate>
  size_t PercentOfCells(size_t column, Predicate holds) const {
    size_t cells = 0, holding = 0;
    for (const auto& row : DataRows()) {
      if (column >= row.size() || TrimBlanks(row[column]).empty()) continue;
      ++cells;
      if (holds(row[column])) ++holding;
    }
    return cells == 0 ? 0 : 100 * holding / cells;
  }

  template <typename Predicate>
  bool AnyCell(size_t column, Predicate holds) const {
    return std::any_of(DataRows().begin(), DataRows().end(),
                       [&](const auto& row) { return column < row.size() && holds(row[column]); });
  }

  // Most cells: a few bad lines should not hide what a column is.
  template <typename Predicate>
  bool MostCells(size_t column, Predicate holds) const {
    return PercentOfCells(column, holds) >= 75;
  }

  // A column has numbers with a comma and none with a point; never beside the separator comma.
  bool HasDecimalComma() const {
    const auto has_point = [](const std::string& cell) {
      return cell.find('.') != std::string::npos && ParseWholeNumber(cell).has_value();
    };
    for (size_t column = 0; column < schema_.column_count && schema_.separator != ','; ++column) {
      if (AnyCell(column, IsDecimalComma) && !AnyCell(column, has_point)) return true;
    }
    return false;
  }

  Result<Column> Stated(const std::string& name, std::string_view what) const {
    if (name.empty()) return Column();
    for (size_t column = 0; column < schema_.column_count && schema_.header; ++column) {
      if (EqualsIgnoreCase(TrimBlanks(HeaderCell(column)), name)) return Column(column);
    }
    size_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [next, error] = std::from_chars(name.data(), end, number);
    if (error == std::errc() && next == end && number >= 1 && number <= schema_.column_count) {
      return Column(number - 1);
    }
    return Status::InvalidArgument("no column " + QuoteForMessage(name) + " for the " +
                                   std::string(what) + "; write its name in the header, or 1 to " +
                                   std::to_string(schema_.column_count));
  }

  Column ByName(std::span<const std::string_view> names) const {
    Column best;
    size_t best_rank = names.size();
    for (size_t column = 0; column < schema_.column_count && schema_.header; ++column) {
      const size_t rank = Rank(names, SplitColumnName(HeaderCell(column)).name);
      if (rank >= best_rank || used_[column]) continue;
      best = column;
      best_rank = rank;
    }
    return best;
  }

  Status FindTimeColumn() {
    XTDB_ASSIGN_OR_RETURN(Column time, Stated(options_.time_column, "time"));
    if (!time) time = ByName(kTimeNames);
    for (size_t column = 0; column < schema_.column_count && !time; ++column) {
      if (MostCells(column, [](const std::string& cell) { return LooksLikeTime(cell); })) {
        time = column;
      }
    }
    // Numbers that can be Unix times: from 1973 on in seconds.
    for (size_t column = 0; column < schema_.column_count && !time; ++column) {
      if (MostCells(column, [](const std::string& cell) {
            const std::optional<Number> number = ParseWholeNumber(cell);
            return number && number->AsReal() >= 1e8;
          })) {
        time = column;
      }
    }
    if (!time) {
      return Status::InvalidArgument(
          "no column holds times; name it with the option for the time column");
    }
    schema_.time_column = *time;
    used_[*time] = true;
    return Status();
  }

  Status FindOtherColumns() {
    XTDB_ASSIGN_OR_RETURN(Column tag, Stated(options_.tag_column, "tag"));
    XTDB_ASSIGN_OR_RETURN(Column value, Stated(options_.value_column, "value"));
    XTDB_ASSIGN_OR_RETURN(Column quality, Stated(options_.quality_column, "quality"));
    for (const Column& column : {tag, value, quality}) {
      if (!column) continue;
      if (used_[*column]) return Status::InvalidArgument("a column is named for two things");
      used_[*column] = true;
    }
    if (options_.layout == CsvLayout::kWide) return UseWide();
    if (!value) value = ByName(kValueNames);
    if (value) used_[*value] = true;
    if (!tag && options_.tag.empty()) tag = ByName(kTagNames);
    if (tag) used_[*tag] = true;
    if (!tag && !value && schema_.header && options_.layout != CsvLayout::kLong &&
        options_.tag.empty()) {
      return UseWide();
    }
    if (!quality && (tag || value)) quality = ByName(kQualityNames);
    if (quality) used_[*quality] = true;
    if (!schema_.header) return UseLongByPosition(tag, value, quality);
    return UseLong(tag, value, quality);
  }

  std::vector<size_t> Unused() const {
    std::vector<size_t> columns;
    for (size_t column = 0; column < schema_.column_count; ++column) {
      const std::string_view name = HeaderCell(column);
      const bool blank = schema_.header && TrimBlanks(name).empty();
      if (!used_[column] && !blank && !IsTimeName(name)) columns.push_back(column);
    }
    return columns;
  }

  Status UseLong(Column tag, Column value, Column quality) {
    const std::vector<size_t> unused = Unused();
    if (!value && unused.size() == 1) value = unused[0];
    if (!value) {
      return Status::InvalidArgument(
          "no column holds the values; name it with the option for the value column, or choose the "
          "layout 'wide', where every column is a tag");
    }
    // time, value, pressure: `value` is one tag of several.
    const bool others = !tag && std::any_of(unused.begin(), unused.end(),
                                            [&](size_t column) { return column != *value; });
    if (others && options_.tag.empty() && options_.layout != CsvLayout::kLong) {
      used_[*value] = false;
      if (quality) used_[*quality] = false;
      return UseWide();
    }
    if (!tag && options_.tag.empty()) {
      schema_.tag = std::string(TrimBlanks(HeaderCell(*value)));
    } else if (!tag) {
      schema_.tag = options_.tag;
    }
    schema_.layout = CsvLayout::kLong;
    schema_.tag_column = tag;
    schema_.value_column = *value;
    schema_.quality_column = quality;
    return Status();
  }

  // Without a header: the first column of texts that are no numbers is the tag, then come value and
  // quality in this order.
  Status UseLongByPosition(Column tag, Column value, Column quality) {
    for (size_t column = 0; column < schema_.column_count && !tag && options_.tag.empty();
         ++column) {
      if (used_[column]) continue;
      if (MostCells(column, [](const std::string& cell) { return !IsNumber(cell); })) tag = column;
    }
    if (tag) used_[*tag] = true;
    std::vector<size_t> unused = Unused();
    if (!value && !unused.empty()) {
      value = unused.front();
      unused.erase(unused.begin());
    }
    if (!quality && !unused.empty()) {
      quality = unused.front();
      unused.erase(unused.begin());
    }
    if (!value || !unused.empty()) {
      return Status::InvalidArgument(
          "the file has no header and its columns are not tag, time, value and quality; name them "
          "with the options for the columns");
    }
    if (!tag && options_.tag.empty()) {
      return Status::InvalidArgument(
          "the file has no header and no column of tag names; give the tag's name as an option");
    }
    schema_.layout = CsvLayout::kLong;
    schema_.tag_column = tag;
    schema_.tag = tag ? "" : options_.tag;
    schema_.value_column = *value;
    schema_.quality_column = quality;
    return Status();
  }

  Status UseWide() {
    if (!schema_.header) {
      return Status::InvalidArgument("a wide file needs a header with the names of the tags");
    }
    schema_.layout = CsvLayout::kWide;
    for (const size_t column : Unused()) {
      std::string tag(TrimBlanks(HeaderCell(column)));
      for (const CsvTagColumn& earlier : schema_.tag_columns) {
        if (earlier.tag != tag) continue;
        return Status::InvalidArgument("two columns have the name " + QuoteForMessage(tag));
      }
      schema_.tag_columns.push_back({column, std::move(tag)});
    }
    if (!schema_.tag_columns.empty()) return Status();
    return Status::InvalidArgument("the file has no column beside the time");
  }

  Status DetectTimeFormat() {
    const size_t column = schema_.time_column;
    if (options_.time_format) {
      schema_.time_format = *options_.time_format;
      return Status();
    }
    std::vector<std::string_view> cells;
    for (const auto& row : DataRows()) {
      if (column < row.size() && !TrimBlanks(row[column]).empty()) cells.push_back(row[column]);
    }
    const std::optional<CsvTimeFormat> unit = SplitColumnName(HeaderCell(column)).unit;
    const bool numbers = !cells.empty() && ParseWholeNumber(cells[0]).has_value();
    if (unit && numbers) {
      schema_.time_format = *unit;
      return Status();
    }
    const Result<CsvTimeFormat> format = DetectCsvTimeFormat(cells);
    if (!format.ok()) {
      return format.status().WithContext("column " + std::to_string(column + 1) + ", the time");
    }
    schema_.time_format = format.value();
    return Status();
  }

  const Table table_;
  const CsvOptions& options_;
  CsvSchema schema_;
  std::vector<bool> used_;
};

}  // namespace

Result<CsvSchema> DetectCsvSchema(std::string_view sample, bool whole, const CsvOptions& options) {
  char separator = options.separator.value_or('\0');
  if (!options.separator) {
    XTDB_ASSIGN_OR_RETURN(separator, DetectSeparator(sample, whole));
  }
  Table table = Cut(sample, whole, separator);
  if (table.rows.empty()) return Status::InvalidArgument("the CSV file is empty");
  return SchemaDetector(std::move(table), options).Detect(separator);
}

std::string DescribeCsvSchema(const CsvSchema& schema) {
  std::string text = schema.layout == CsvLayout::kLong ? "long" : "wide";
  text += schema.separator == '\t' ? ", tab" : std::string(", '") + schema.separator + "'";
  if (schema.header) text += ", header";
  if (schema.decimal_comma) text += ", decimal comma";
  text += ", time " + std::to_string(schema.time_column + 1) + " (" +
          std::string(CsvTimeFormatName(schema.time_format)) + ")";
  if (schema.layout == CsvLayout::kWide) {
    return text + ", " + std::to_string(schema.tag_columns.size()) + " tags";
  }
  text += schema.tag_column ? ", tag " + std::to_string(*schema.tag_column + 1)
                            : ", tag " + QuoteForMessage(schema.tag);
  text += ", value " + std::to_string(schema.value_column + 1);
  if (schema.quality_column) text += ", quality " + std::to_string(*schema.quality_column + 1);
  return text;
}

}  // namespace xtdb
