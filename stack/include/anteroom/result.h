// Result<T>: a value or the reason why there is none; Status: success or that reason.
// Member names are those of std::expected, which this becomes with C++23.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

#include <anteroom/error.h>

namespace anteroom {

// Why a verb was refused. `detail` is a number where the error's description names one, else 0.
struct Failure {
  Error error{};
  std::uint64_t detail = 0;

  friend bool operator==(const Failure&, const Failure&) = default;
};

// Holds a T or an E; both must be trivially destructible or cheap to move. Asking for the one that
// is not there aborts the program: it is a bug of the caller, not an error of the network.
template <typename T, typename E = Failure>
class [[nodiscard]] Result {
 public:
  Result(T value) : has_value_(true), value_(std::move(value)) {}
  // A T made here, to be filled in place through value().
  explicit Result(std::in_place_t) : has_value_(true), value_() {}
  Result(E error) : has_value_(false), error_(std::move(error)) {}

  Result(Result&& other) noexcept : has_value_(other.has_value_) {
    if (has_value_) {
      new (&value_) T(std::move(other.value_));
    } else {
      new (&error_) E(std::move(other.error_));
    }
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&&) = delete;
  ~Result() {
    if (has_value_) {
      value_.~T();
    } else {
      error_.~E();
    }
  }

  // Puts an error in the place of the value that is there.
  void fail(E error) {
    checked().~T();
    new (&error_) E(std::move(error));
    has_value_ = false;
  }

  bool has_value() const { return has_value_; }
  explicit operator bool() const { return has_value_; }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    if (has_value_) std::abort();
    return error_;
  }
  T value_or(T other) const { return has_value_ ? value_ : std::move(other); }

 private:
  T& checked() {
    if (!has_value_) std::abort();
    return value_;
  }

  bool has_value_;
  union {
    T value_;
    E error_;
  };
};

// Success, or why not.
class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  constexpr Status(Failure failure) : failed_(true), failure_(failure) {}

  constexpr bool has_value() const { return !failed_; }
  constexpr explicit operator bool() const { return !failed_; }
  constexpr const Failure& error() const {
    if (!failed_) std::abort();
    return failure_;
  }

 private:
  bool failed_ = false;
  Failure failure_{};
};

}  // namespace anteroom
