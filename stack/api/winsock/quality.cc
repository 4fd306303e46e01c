// The code points are those that Windows marks by default. RFC 2474 3.
#include "stack/api/winsock/quality.h"

#include <array>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {
namespace {

struct Marking {
  ULONG service;
  std::uint8_t dscp;
};
constexpr std::array<Marking, 6> kMarkings{{{SERVICETYPE_BESTEFFORT, 0},
                                            {SERVICETYPE_CONTROLLEDLOAD, 24},
                                            {SERVICETYPE_GUARANTEED, 40},
                                            {SERVICETYPE_NETWORK_CONTROL, 48},
                                            {SERVICETYPE_QUALITATIVE, 0},
                                            {SERVICETYPE_NOTRAFFIC, 0}}};

bool asks_nothing(ULONG value) { return value == 0 || value == QOS_NOT_SPECIFIED; }

bool asks_nothing(const FLOWSPEC& flow) {
  return asks_nothing(flow.TokenRate) && asks_nothing(flow.TokenBucketSize) &&
         asks_nothing(flow.PeakBandwidth) && asks_nothing(flow.Latency) &&
         asks_nothing(flow.DelayVariation) && asks_nothing(flow.MaxSduSize) &&
         asks_nothing(flow.MinimumPolicedSize);
}

}  // namespace

QOS quality_of(std::uint8_t dscp) {
  FLOWSPEC flow;
  flow.TokenRate = flow.TokenBucketSize = flow.PeakBandwidth = QOS_NOT_SPECIFIED;
  flow.Latency = flow.DelayVariation = QOS_NOT_SPECIFIED;
  flow.MaxSduSize = flow.MinimumPolicedSize = QOS_NOT_SPECIFIED;
  flow.ServiceType = SERVICETYPE_GENERAL_INFORMATION;
  for (const Marking& marking : kMarkings) {
    if (marking.dscp != dscp) continue;
    flow.ServiceType = marking.service;
    break;
  }
  return {flow, flow, {0, nullptr}};
}

int read_quality(const QOS& quality, std::optional<std::uint8_t>& dscp) {
  if (!asks_nothing(quality.SendingFlowspec) || !asks_nothing(quality.ReceivingFlowspec)) {
    return WSAEOPNOTSUPP;
  }
  const ULONG service = quality.SendingFlowspec.ServiceType;
  if (service == SERVICETYPE_NOCHANGE || service == SERVICETYPE_GENERAL_INFORMATION) return 0;
  for (const Marking& marking : kMarkings) {
    if (marking.service != service) continue;
    dscp = marking.dscp;
    return 0;
  }
  return WSAEOPNOTSUPP;
}

// There are no templates: the empty name lists none, any other is unknown.
BOOL WSPGetQOSByName(SOCKET s, WSABUF* name, QOS* qos, int* error) {
  constexpr ULONG kEmptyListBytes = 2 * sizeof(WCHAR);
  Call call(s);
  int code = call.error();
  if (code == 0 && (name == nullptr || name->buf == nullptr || qos == nullptr)) code = WSAEFAULT;
  if (code == 0) {
    const bool lists = name->len >= sizeof(WCHAR) && name->buf[0] == 0 && name->buf[1] == 0;
    if (!lists) code = WSAEINVAL;
    if (lists && name->len < kEmptyListBytes) code = WSAENOBUFS;
  }
  if (ended(code, error) != 0) return 0;
  for (ULONG i = 0; i < kEmptyListBytes; ++i) name->buf[i] = 0;
  return 1;
}

}  // namespace anteroom::winsock
