#include "engine/transaction/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

ValueBits BitsOf(const Value& value, ValueType type) {
  const Result<ValueBits> bits = ConvertValue(value, type);
  EXPECT_TRUE(bits.ok()) << bits.status().ToString();
  return bits.ok() ? bits.value() : ~ValueBits{0};
}

void ExpectMismatch(const Value& value, ValueType type) {
  EXPECT_THAT(ConvertValue(value, type),
              StatusIs(StatusCode::kTypeMismatch, HasSubstr(std::string(ValueTypeName(type)))))
      << value.integer << " " << value.real;
}

TEST(ValueTest, TheFirstValueDecidesTheType) {
  EXPECT_EQ(NaturalType(Value::Integer(1)), ValueType::kInt64);
  EXPECT_EQ(NaturalType(Value::Real(1)), ValueType::kFloat64);
  EXPECT_EQ(NaturalType(Value::Text("")), ValueType::kText);
  EXPECT_EQ(NaturalType(Value::Null()), ValueType::kNone);
}

TEST(ValueTest, IntegersKeepTheirLimits) {
  EXPECT_EQ(AsInt64(BitsOf(Value::Integer(kInt64Min), ValueType::kInt64)), kInt64Min);
  EXPECT_EQ(AsInt64(BitsOf(Value::Integer(kInt64Max), ValueType::kInt64)), kInt64Max);
  EXPECT_EQ(AsInt64(BitsOf(Value::Integer(-2147483648), ValueType::kInt32)), -2147483648);
  ExpectMismatch(Value::Integer(2147483648), ValueType::kInt32);
  ExpectMismatch(Value::Integer(-2147483649), ValueType::kInt32);
}

TEST(ValueTest, RealsWithoutFractionFitIntegers) {
  EXPECT_EQ(AsInt64(BitsOf(Value::Real(-0x1p63), ValueType::kInt64)), kInt64Min);
  ExpectMismatch(Value::Real(0x1p63), ValueType::kInt64);
  ExpectMismatch(Value::Real(0.5), ValueType::kInt64);
  ExpectMismatch(Value::Real(-0.0), ValueType::kInt64);  // its sign would be lost
  ExpectMismatch(Value::Real(kInfinity), ValueType::kInt64);
  ExpectMismatch(Value::Real(std::nan("")), ValueType::kInt64);
}

TEST(ValueTest, OnlyExactIntegersFitReals) {
  EXPECT_EQ(BitsOf(Value::Integer(int64_t{1} << 53), ValueType::kFloat64), FromDouble(0x1p53));
  ExpectMismatch(Value::Integer((int64_t{1} << 53) + 1), ValueType::kFloat64);
  ExpectMismatch(Value::Integer(kInt64Max), ValueType::kFloat64);
  EXPECT_EQ(BitsOf(Value::Integer(kInt64Min), ValueType::kFloat64), FromDouble(-0x1p63));
  EXPECT_FALSE(IsExactAsDouble(kInt64Max));
  EXPECT_TRUE(IsExactAsDouble(kInt64Min));
}

TEST(ValueTest, OnlyExactNumbersFitFloat32) {
  EXPECT_EQ(BitsOf(Value::Real(0.5), ValueType::kFloat32), FromFloat(0.5F));
  EXPECT_EQ(BitsOf(Value::Real(-kInfinity), ValueType::kFloat32),
            FromFloat(-std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(std::isnan(AsFloat(BitsOf(Value::Real(std::nan("")), ValueType::kFloat32))));
  ExpectMismatch(Value::Real(0.1), ValueType::kFloat32);
  ExpectMismatch(Value::Real(1e300), ValueType::kFloat32);
  EXPECT_EQ(BitsOf(Value::Integer(1 << 24), ValueType::kFloat32), FromFloat(0x1p24F));
  ExpectMismatch(Value::Integer((1 << 24) + 1), ValueType::kFloat32);
  ExpectMismatch(Value::Integer((int64_t{1} << 53) + 1), ValueType::kFloat32);
}

TEST(ValueTest, ABoolIsZeroOrOne) {
  EXPECT_EQ(BitsOf(Value::Integer(0), ValueType::kBool), 0u);
  EXPECT_EQ(BitsOf(Value::Real(1), ValueType::kBool), 1u);
  ExpectMismatch(Value::Integer(2), ValueType::kBool);
  ExpectMismatch(Value::Integer(-1), ValueType::kBool);
  ExpectMismatch(Value::Real(0.5), ValueType::kBool);
}

TEST(ValueTest, TextsAndNumbersDoNotMix) {
  ExpectMismatch(Value::Text("1"), ValueType::kInt64);
  ExpectMismatch(Value::Integer(1), ValueType::kText);
  ExpectMismatch(Value::Real(1), ValueType::kText);
  ExpectMismatch(Value::Integer(1), ValueType::kNone);
  EXPECT_EQ(BitsOf(Value::Text("any"), ValueType::kText), 0u);
}

TEST(ValueTest, NullFitsEverything) {
  for (uint8_t type = 0; type <= kValueTypeLast; ++type) {
    EXPECT_EQ(BitsOf(Value::Null(), static_cast<ValueType>(type)), 0u);
  }
}

TEST(ValueTest, AMismatchShowsTheValueAndALongTextCut) {
  const std::string text = "0123456789012345678901234567890123456789 is as much as is shown";
  EXPECT_THAT(ConvertValue(Value::Text(text), ValueType::kInt64),
              HasMessage(AllOf(HasSubstr("890123456789..."), HasSubstr("int64"))));
  EXPECT_THAT(ConvertValue(Value::Real(0.1), ValueType::kInt64),
              HasMessage(HasSubstr("0.10000000000000001")));
}

TEST(ValueTest, TypeNamesAreReadInAnyCaseAndWrittenInOneWay) {
  for (uint8_t type = 1; type <= kValueTypeLast; ++type) {
    const Result<ValueType> parsed = ParseValueType(ValueTypeName(static_cast<ValueType>(type)));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed.value(), static_cast<ValueType>(type));
  }
  EXPECT_EQ(ParseValueType("Double Precision").value(), ValueType::kFloat64);
  EXPECT_EQ(ParseValueType("BOOLEAN").value(), ValueType::kBool);
  EXPECT_THAT(ParseValueType("none"), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseValueType("decimal"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("'decimal'")));
  EXPECT_THAT(ParseValueType(""), HasCode(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace xtdb
