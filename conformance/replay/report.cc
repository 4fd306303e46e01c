// Names, and what follows from the findings.
#include "conformance/replay/report.h"

namespace anteroom::replay {

const char* to_string(Tier tier) {
  switch (tier) {
    case Tier::stream: return "stream";
    case Tier::acknowledgment: return "acknowledgment";
    case Tier::handshake: return "handshake";
    case Tier::close: return "close";
    case Tier::retransmission: return "retransmission";
    case Tier::boundaries: return "boundaries";
    case Tier::timing: return "timing";
    case Tier::count_: break;
  }
  return "";
}

std::optional<Tier> tier_named(std::string_view name) {
  for (std::size_t i = 0; i < kTiers; ++i) {
    const auto tier = static_cast<Tier>(i);
    if (name == to_string(tier)) return tier;
  }
  return std::nullopt;
}

const char* to_string(Finding finding) {
  switch (finding) {
    case Finding::held: return "same";
    case Finding::diverged: return "diverged";
    case Finding::unjudged: return "not judged";
  }
  return "";
}

const char* to_string(Side side) { return side == Side::client ? "client" : "server"; }
const char* to_string(Mode mode) { return mode == Mode::oracle ? "oracle" : "causal"; }

bool ConnectionReport::has_diverged(const TierSet& set) const {
  for (std::size_t i = 0; i < kTiers; ++i) {
    if (set[i] && tiers[i] == Finding::diverged) return true;
  }
  return false;
}

std::string ConnectionReport::as_text() const {
  std::string text;
  for (const Divergence& divergence : divergences) {
    text += "\n" + std::string(to_string(divergence.tier)) + ", packet " +
            std::to_string(divergence.packet) + ": " + divergence.why;
  }
  return text;
}

std::optional<Tier> ConnectionReport::reached() const {
  std::optional<Tier> last;
  for (std::size_t i = 0; i < kTiers; ++i) {
    if (tiers[i] == Finding::diverged) break;
    if (tiers[i] == Finding::held) last = static_cast<Tier>(i);
  }
  return last;
}

}  // namespace anteroom::replay
