// The text form of an impairment: "loss=1%,delay=5ms,...". Not here: the impairment itself.
#include <charconv>
#include <cmath>
#include <string>

#include <anteroom/tap/impairment.h>

namespace anteroom::tap {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit kFractions[] = {{"", 1}, {"%", 0.01}};
constexpr Unit kTimes[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
constexpr Unit kRates[] = {{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};

Problem bad_value(std::string_view name, std::string_view value, std::string_view wanted) {
  return {"cannot use the impairment " + std::string(name) + "=" + std::string(value) +
          ": it needs " + std::string(wanted)};
}

// A number that is not negative, followed by one of the units.
std::optional<double> parse_quantity(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  for (const Unit& known : units) {
    if (unit == known.name) return number * known.factor;
  }
  return std::nullopt;
}

Trouble set_fraction(std::string_view name, std::string_view value, double& out) {
  const std::optional<double> fraction = parse_quantity(value, kFractions);
  if (!fraction || *fraction > 1) return bad_value(name, value, "0 to 1, or 0% to 100%");
  out = *fraction;
  return std::nullopt;
}

Trouble set_time(std::string_view name, std::string_view value, Duration& out) {
  const std::optional<double> time = parse_quantity(value, kTimes);
  if (!time || *time > 60e9) return bad_value(name, value, "a time up to 60s, such as 5ms");
  out = Duration(static_cast<std::int64_t>(*time));
  return std::nullopt;
}

Trouble set_rate(std::string_view name, std::string_view value, std::uint64_t& out) {
  const std::optional<double> rate = parse_quantity(value, kRates);
  if (!rate || *rate < 1 || *rate > 1e12) {
    return bad_value(name, value, "a rate, such as 100mbit");
  }
  out = static_cast<std::uint64_t>(*rate);
  return std::nullopt;
}

template <typename Integer>
Trouble set_number(std::string_view name, std::string_view value, Integer& out) {
  Integer number = 0;
  const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || rest != value.data() + value.size()) {
    return bad_value(name, value, "a whole number");
  }
  out = number;
  return std::nullopt;
}

Trouble set_one(std::string_view name, std::string_view value, ImpairmentOptions& options) {
  if (name == "loss") return set_fraction(name, value, options.loss);
  if (name == "duplicate") return set_fraction(name, value, options.duplicate);
  if (name == "corrupt") return set_fraction(name, value, options.corrupt);
  if (name == "mark") return set_fraction(name, value, options.mark);
  if (name == "reorder") return set_fraction(name, value, options.reorder);
  if (name == "delay") return set_time(name, value, options.delay);
  if (name == "jitter") return set_time(name, value, options.jitter);
  if (name == "rate") return set_rate(name, value, options.rate_bits_per_s);
  if (name == "queue") return set_number(name, value, options.queue_frames_max);
  if (name == "seed") return set_number(name, value, options.seed);
  return Problem{
      "cannot use the impairment '" + std::string(name) +
      "': known are loss, duplicate, corrupt, mark, reorder, delay, jitter, rate, queue, seed"};
}

}  // namespace

Outcome<ImpairmentOptions> parse_impairment(std::string_view text) {
  ImpairmentOptions options;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      return Problem{"cannot use the impairment '" + std::string(item) +
                     "': it needs a value, such as loss=1%"};
    }
    Trouble trouble = set_one(item.substr(0, equals), item.substr(equals + 1), options);
    if (trouble) return *trouble;
  }
  return options;
}

}  // namespace anteroom::tap
