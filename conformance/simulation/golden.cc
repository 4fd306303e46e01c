// One flow over 100 Mbit/s with a queue of one bandwidth-delay product (60 frames at least), for
// every loss, round trip, reordering and algorithm; two flows that share 10 Mbit/s; and what the
// Reno response function says of it. Integers alone go into the table.
#include "conformance/simulation/golden.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "conformance/simulation/bulk.h"

namespace anteroom::simulation {
namespace {

// Response functions: the average window in segments under a random loss of probability `p`.
// The periodic model of Reno's sawtooth, RFC 9438 5.1, equation 5.
double reno_window(double p, double rtt_s) {
  (void)rtt_s;
  return 1.22 / std::sqrt(p);
}
// RFC 9438 5.1, equation 6, with C 0.4 and beta 0.7; where Reno's is larger, CUBIC follows it
// (4.3).
double cubic_window(double p, double rtt_s) {
  return std::max(reno_window(p, rtt_s), 1.054 * std::pow(rtt_s / p, 0.75));
}

struct Algorithm {
  const char* name;
  CongestionAlgorithm algorithm;
  double (*window)(double p, double rtt_s);
};

// One more congestion control is one more row here.
constexpr Algorithm kAlgorithms[] = {{"new_reno", CongestionAlgorithm::new_reno, reno_window},
                                     {"cubic", CongestionAlgorithm::cubic, cubic_window}};
constexpr double kLossPercents[] = {0, 0.1, 1, 3, 10};
constexpr int kRttMilliseconds[] = {1, 20, 100};
constexpr int kReorderingPercents[] = {0, 2};

constexpr std::uint64_t kLinkBits = 100'000'000;
constexpr std::uint32_t kSegmentBytes = 1'448;  // payload, with timestamps
constexpr std::uint32_t kFrameBytes = 1'514;
constexpr std::uint32_t kQueueFramesMin = 60;
constexpr double kJainMin = 0.9;

struct Cell {
  const Algorithm& algorithm;
  double loss_percent;
  int rtt_ms;
  int reordering_percent;
};

struct Measured {
  std::string table;
  std::vector<std::string> broken_claims;
};

BulkResult measure(const Cell& cell) {
  BulkOptions options;
  options.tcp.congestion = cell.algorithm.algorithm;
  options.rtt = std::chrono::milliseconds(cell.rtt_ms);
  options.bottleneck.loss = cell.loss_percent / 100;
  options.bottleneck.reorder = cell.reordering_percent / 100.0;
  options.bottleneck.reorder_delay = options.rtt / 8;
  options.bottleneck.rate_bits_per_s = kLinkBits;
  const std::uint64_t product = kLinkBits / 1'000 * static_cast<std::uint64_t>(cell.rtt_ms) / 8;
  options.bottleneck.queue_frames_max =
      std::max(kQueueFramesMin, static_cast<std::uint32_t>(product / kFrameBytes));
  return run_bulk(options);
}

// What the response function makes of a cell, where it holds: where the loss alone sets the window.
// Not the link (less than 80 % of its rate), not time-outs (p at most 1 %: a window of twelve
// segments has three to spare for duplicate ACKs), not reordering. 0 elsewhere.
std::uint64_t response_kbit_per_s(const Cell& cell) {
  if (cell.loss_percent <= 0 || cell.loss_percent > 1 || cell.reordering_percent != 0) return 0;
  const double window = cell.algorithm.window(cell.loss_percent / 100, cell.rtt_ms / 1'000.0);
  const double kbit_per_s = window * kSegmentBytes * 8 / cell.rtt_ms;
  constexpr double kLinkKbit = static_cast<double>(kLinkBits) / 1'000;
  return kbit_per_s < 0.8 * kLinkKbit ? static_cast<std::uint64_t>(kbit_per_s) : 0;
}

void add_cell(const Cell& cell, Measured& measured) {
  const BulkResult result = measure(cell);
  const std::uint64_t rate = result.kbit_per_s(0);
  const std::uint64_t model = response_kbit_per_s(cell);
  const std::string place = fmt::format("{},{:g},{},{}", cell.algorithm.name, cell.loss_percent,
                                        cell.rtt_ms, cell.reordering_percent);
  measured.table += fmt::format("{},{},{},{},{}\n", place, rate, result.flows[0].retransmitted,
                                result.flows[0].timeouts, model == 0 ? "" : std::to_string(model));
  if (model != 0 && (rate > 2 * model || 2 * rate < model)) {
    measured.broken_claims.push_back(fmt::format(
        "{}: {} kbit/s is not within a factor of two of the response function, {} kbit/s", place,
        rate, model));
  }
}

// Jain's index of two rates: 1 where they are equal, 1/2 where one flow has everything.
void add_fairness(const Algorithm& algorithm, Measured& measured) {
  BulkOptions options;
  options.tcp.congestion = algorithm.algorithm;
  options.senders = 2;
  options.bottleneck.rate_bits_per_s = kLinkBits / 10;
  options.bottleneck.queue_frames_max = kQueueFramesMin;
  options.time_max = 60s;
  options.bytes_max = UINT64_MAX;
  const BulkResult result = run_bulk(options);
  const auto a = static_cast<double>(result.kbit_per_s(0));
  const auto b = static_cast<double>(result.kbit_per_s(1));
  const double index = (a + b) * (a + b) / (2 * (a * a + b * b));
  measured.table += fmt::format("{},{},{},{}\n", algorithm.name, result.kbit_per_s(0),
                                result.kbit_per_s(1), static_cast<int>(index * 1'000));
  if (index < kJainMin) {
    measured.broken_claims.push_back(
        fmt::format("{}: Jain's index of two equal flows is {:.3f}, below {}", algorithm.name,
                    index, kJainMin));
  }
}

Measured measure_all() {
  Measured measured;
  measured.table =
      "# One bulk flow over 100 Mbit/s; queue: one bandwidth-delay product, at least 60 frames.\n"
      "# model_kbit_per_s: the published response function, where it applies (golden.cc says "
      "where).\n"
      "# Written by `simulation --golden FILE --write`.\n"
      "algorithm,loss_percent,rtt_ms,reordering_percent,kbit_per_s,retransmitted,timeouts,"
      "model_kbit_per_s\n";
  for (const Algorithm& algorithm : kAlgorithms) {
    for (const double loss : kLossPercents) {
      for (const int rtt : kRttMilliseconds) {
        for (const int reordering : kReorderingPercents) {
          add_cell({algorithm, loss, rtt, reordering}, measured);
        }
      }
    }
  }
  measured.table +=
      "# Two equal flows from two hosts, 60 s over 10 Mbit/s, 20 ms, 60 frames of queue.\n"
      "algorithm,first_kbit_per_s,second_kbit_per_s,jain_permille\n";
  for (const Algorithm& algorithm : kAlgorithms) add_fairness(algorithm, measured);
  return measured;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void print_difference(const std::string& expected, const std::string& actual) {
  const auto old_lines = lines_of(expected);
  const auto new_lines = lines_of(actual);
  for (std::size_t i = 0; i < std::max(old_lines.size(), new_lines.size()); ++i) {
    const bool same = i < old_lines.size() && i < new_lines.size() && old_lines[i] == new_lines[i];
    if (same) continue;
    if (i < old_lines.size()) fmt::print("- {}\n", old_lines[i]);
    if (i < new_lines.size()) fmt::print("+ {}\n", new_lines[i]);
  }
}

}  // namespace

bool check_golden(const std::string& path, bool write) {
  const Measured measured = measure_all();
  for (const std::string& claim : measured.broken_claims) fmt::print("{}\n", claim);
  if (write) {
    std::ofstream file(path);
    file << measured.table;
    if (!file.flush()) {
      fmt::print(stderr, "simulation: cannot write {}\n", path);
      return false;
    }
    return measured.broken_claims.empty();
  }
  std::ifstream file(path);
  const std::string expected(std::istreambuf_iterator<char>(file), {});
  if (expected == measured.table) return measured.broken_claims.empty();
  fmt::print("simulation --golden {}\n", path);
  print_difference(expected, measured.table);
  fmt::print("If this is meant, say why in the commit and write the table again:\n");
  fmt::print("  simulation --golden {} --write\n", path);
  return false;
}

}  // namespace anteroom::simulation
