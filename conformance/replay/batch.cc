// Threads take the next path from one counter.
#include "conformance/replay/batch.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

namespace anteroom::replay {

namespace fs = std::filesystem;

std::vector<std::string> captures_below(const std::vector<std::string>& places,
                                        std::string& problem) {
  std::vector<std::string> paths;
  for (const std::string& place : places) {
    std::error_code error;
    if (!fs::exists(place, error)) {
      problem = "there is no file or folder " + place;
      return {};
    }
    if (!fs::is_directory(place, error)) {
      paths.push_back(place);
      continue;
    }
    for (fs::recursive_directory_iterator at(place, error), end; at != end; at.increment(error)) {
      const fs::path extension = at->path().extension();
      if (extension == ".pcap" || extension == ".pcapng" || extension == ".cap") {
        paths.push_back(at->path().string());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

void replay_all(const std::vector<std::string>& paths, const Options& options, unsigned jobs,
                const BatchSinks& sinks) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> packets{0};
  std::mutex one_at_a_time;
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      std::uint64_t told = 0;
      const auto progress = [&](std::uint64_t read) {
        const std::uint64_t all = packets += read - told;
        told = read;
        if (!sinks.on_progress) return;
        const std::lock_guard<std::mutex> held(one_at_a_time);
        sinks.on_progress(all);
      };
      Sinks own;
      own.on_connection = [&](const ConnectionReport& report) {
        const std::lock_guard<std::mutex> held(one_at_a_time);
        if (sinks.on_connection) sinks.on_connection(paths[i], report);
      };
      own.on_progress = progress;
      if (sinks.observer_of) {
        const std::lock_guard<std::mutex> held(one_at_a_time);
        own.observer = sinks.observer_of(paths[i]);
      }
      const CaptureReport report = replay_capture(paths[i], options, own);
      progress(report.packets);
      const std::lock_guard<std::mutex> held(one_at_a_time);
      if (sinks.on_capture) sinks.on_capture(report);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::min<std::size_t>(jobs, paths.size()); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace anteroom::replay
