// Names of verdicts.
#include <anteroom/tap/verdict.h>

namespace anteroom::tap {

const char* to_string(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::accept: return "accept";
    case VerdictKind::reject: return "reject";
    case VerdictKind::ignore: return "ignore";
    case VerdictKind::defer: return "defer";
    case VerdictKind::challenge: return "challenge";
  }
  return "unknown";
}

}  // namespace anteroom::tap
