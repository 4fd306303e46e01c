// Commands are cut at `;`, `&&`, `||` and line ends, words at blanks; quotes hold together.
#include "conformance/runner/commands.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <vector>

#include "conformance/runner/outcome.h"

namespace anteroom::runner {
namespace {

using Words = std::vector<std::string>;

// The simple commands, each as its words. A pipe makes one of several: what counts is its end.
class Splitter {
 public:
  std::vector<Words> split(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (quote_ != 0) {
        if (c == quote_)
          quote_ = 0;
        else
          word_ += c;
      } else if (c == '\\' && at + 1 < text.size()) {
        if (text[++at] != '\n') word_ += text[at];
      } else if (c == '\'' || c == '"') {
        quote_ = c;
        quoted_ = true;
      } else if (c == '#' && word_.empty()) {
        at = std::min(text.find('\n', at), text.size()) - 1;
      } else if (c == '|' && (at + 1 >= text.size() || text[at + 1] != '|')) {
        end_word();
        words_.push_back("|");
      } else if (c == '&' && (text.substr(at + 1).starts_with('>') || word_.ends_with('>'))) {
        word_ += c;  // of a redirection: &>file, 2>&1
      } else if (c == ';' || c == '\n' || c == '&' || c == '|') {
        end_command();
        // What stands behind || is for when a command fails, which none here survives.
        is_fallback_ = c == '|';
        if (is_fallback_) ++at;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        end_word();
      } else {
        word_ += c;
      }
    }
    end_command();
    return commands_;
  }

 private:
  // Where output goes is nobody's business: nothing is written.
  void drop_redirections() {
    for (std::size_t i = 0; i < words_.size();) {
      const std::size_t sign = words_[i].find_first_not_of("0123456789&");
      if (sign == std::string::npos || words_[i][sign] != '>') {
        ++i;
        continue;
      }
      const bool names_next = words_[i].back() == '>' && i + 1 < words_.size();
      const auto first = words_.begin() + static_cast<std::ptrdiff_t>(i);
      words_.erase(first, first + (names_next ? 2 : 1));
    }
  }
  void end_word() {
    if (!word_.empty() || quoted_) words_.push_back(word_);
    word_.clear();
    quoted_ = false;
  }
  void end_command() {
    end_word();
    drop_redirections();
    if (!words_.empty() && !is_fallback_) commands_.push_back(words_);
    words_.clear();
  }

  std::vector<Words> commands_;
  Words words_;
  std::string word_;
  char quote_ = 0;
  bool quoted_ = false;
  bool is_fallback_ = false;
};

std::string_view file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

// /proc/sys/net/ipv4/x, net/ipv4/x and net.ipv4.x are one name.
std::string sysctl_name(std::string name) {
  constexpr std::string_view kFolder = "/proc/sys/";
  if (name.starts_with(kFolder)) name.erase(0, kFolder.size());
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

void set(const std::string& assignment, Settings& settings) {
  const std::size_t equals = assignment.find('=');
  if (equals == assignment.npos) return;  // a sysctl that is read
  const std::string name = sysctl_name(assignment.substr(0, equals));
  if (set_sysctl(name, assignment.substr(equals + 1), settings) == SetResult::unknown) {
    throw Skipped("the stack has nothing that " + name + " could set");
  }
}

// What the tests of Linux begin with.
void set_linux_defaults(Settings& settings) {
  for (const char* assignment :
       {"net.ipv4.tcp_rmem=4096 540000 15728640", "net.ipv4.tcp_timestamps=1",
        "net.ipv4.tcp_syn_retries=5", "net.ipv4.tcp_synack_retries=5", "net.ipv4.tcp_sack=1",
        "net.ipv4.tcp_congestion_control=cubic", "net.ipv4.tcp_ecn=0",
        "net.ipv4.tcp_fastopen_key=a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4"}) {
    set(assignment, settings);
  }
}

bool starts_with(const Words& words, std::initializer_list<const char*> first) {
  return words.size() >= first.size() && std::equal(first.begin(), first.end(), words.begin());
}

struct StateName {
  std::string_view name;
  State state;
};

constexpr StateName kStateNames[] = {
    {"CLOSED", State::closed},           {"LISTEN", State::listen},
    {"SYN_SENT", State::syn_sent},       {"SYN_RCVD", State::syn_received},
    {"ESTABLISHED", State::established}, {"CLOSE_WAIT", State::close_wait},
    {"FIN_WAIT_1", State::fin_wait_1},   {"CLOSING", State::closing},
    {"LAST_ACK", State::last_ack},       {"FIN_WAIT_2", State::fin_wait_2},
    {"TIME_WAIT", State::time_wait},
};

// sockstat ... | grep packetdril | grep -c STATE | grep N: how many are in the state, and whether
// that number has N in it.
void run_sockstat(const Words& words, const SocketCounter& count) {
  SocketQuery query;
  const auto state = std::find_first_of(
      std::begin(kStateNames), std::end(kStateNames), words.begin(), words.end(),
      [](const StateName& known, const std::string& word) { return known.name == word; });
  if (state == std::end(kStateNames)) throw Skipped("sockstat is only asked for states here");
  query.state = state->state;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "grep" && words[i + 1].starts_with("packetdril")) query.owned = true;
    if (words[i] == "-p") query.port = static_cast<std::uint16_t>(std::atoi(words[i + 1].c_str()));
  }
  const std::string found = std::to_string(count(query));
  if (words[words.size() - 2] == "grep" && found.find(words.back()) == found.npos) {
    throw Failed(found + " connections are in " + std::string(state->name));
  }
}

// grep " 0A " /proc/net/tcp | grep ":1F90": whether somebody listens on that port.
void run_listener_grep(const Words& words, const SocketCounter& count) {
  std::uint16_t port = 0;
  const std::string& last = words.back();
  const char* end = last.data() + last.size();
  if (words.size() < 4 || words[1] != " 0A " || !words[2].starts_with("/proc/net/tcp") ||
      !last.starts_with(':') || std::from_chars(last.data() + 1, end, port, 16).ptr != end) {
    throw Skipped("grep is only asked for listeners here");
  }
  if (count({State::listen, false, port}) == 0) throw Failed("nobody listens on port " + last);
}

void run_simple(const Words& words, Settings& settings, const SocketCounter& count) {
  const std::string_view program = file_name(words[0]);
  if (program == "sockstat") return run_sockstat(words, count);
  if (program == "grep") return run_listener_grep(words, count);
  if (program == "true" || program == ":" || program == "rm") return;
  if (program == "defaults.sh") return set_linux_defaults(settings);
  if (program.starts_with("sysctl_restore_")) return;  // every script has a stack of its own
  if (program == "set_sysctls.py" || program == "sysctl") {
    for (std::size_t i = 1; i < words.size() && words[i] != "|"; ++i) {
      if (!words[i].starts_with('-')) set(words[i], settings);
    }
    return;
  }
  // Nothing is kept from one connection to the next, and there is neither queue nor offload.
  if (starts_with(words, {"ip", "tcp_metrics", "flush"})) return;
  if (program == "ethtool" && words.size() > 1 && words[1] == "-K") return;
  if (starts_with(words, {"tc", "qdisc"}) &&
      std::find(words.begin(), words.end(), "limit") == words.end()) {
    if (std::find(words.begin(), words.end(), "fq") != words.end()) {
      settings.config.tcp.pacing = true;
    }
    return;
  }
  if (program == "nstat" && std::find(words.begin(), words.end(), "|") == words.end()) return;
  throw Skipped("`" + std::string(program) + "` means nothing to a stack without a kernel");
}

}  // namespace

void run_command(std::string_view text, Settings& settings, const SocketCounter& count) {
  for (const Words& words : Splitter().split(text)) run_simple(words, settings, count);
}

}  // namespace anteroom::runner
