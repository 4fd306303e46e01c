// WSPAccept's condition function. Absent caller data and absent QoS are null pointers; the callee
// buffer is always there, of length 0 where no response data can travel.
#include "stack/api/winsock/condition.h"

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/address.h"
#include "stack/api/winsock/quality.h"

namespace anteroom::winsock {
namespace {

WSABUF buffer_of(sockaddr_in& name) { return {sizeof name, reinterpret_cast<CHAR*>(&name)}; }

WSABUF buffer_of(std::vector<std::uint8_t>& bytes) {
  return {static_cast<ULONG>(bytes.size()), reinterpret_cast<CHAR*>(bytes.data())};
}

// 0, or why an acceptance in these terms is none.
int read_terms(const Question& question, const QOS* quality, GROUP group, std::size_t callee_bytes,
               Answer& answer) {
  if (group != 0) return WSAEINVAL;  // groups are reserved
  if (callee_bytes > question.response_bytes_max) return WSAEINVAL;
  if (quality == nullptr) return 0;
  answer.dscp = question.dscp;
  return read_quality(*quality, answer.dscp);
}

}  // namespace

Answer ask(Question& question, LPCONDITIONPROC condition, DWORD_PTR context) {
  sockaddr_in caller = to_sockaddr(question.flow.remote);
  sockaddr_in callee = to_sockaddr(question.flow.local);
  WSABUF caller_id = buffer_of(caller);
  WSABUF callee_id = buffer_of(callee);
  WSABUF caller_data = buffer_of(question.caller_data);
  Answer answer;
  answer.response_data.resize(question.response_bytes_max);
  WSABUF callee_data = buffer_of(answer.response_data);
  QOS quality = quality_of(question.dscp);
  QOS* const offered = question.dscp == 0 ? nullptr : &quality;
  GROUP group = 0;
  answer.verdict = condition(&caller_id, question.caller_data.empty() ? nullptr : &caller_data,
                             offered, nullptr, &callee_id, &callee_data, &group, context);
  switch (answer.verdict) {
    case CF_ACCEPT:
      answer.error = read_terms(question, offered, group, callee_data.len, answer);
      break;
    case CF_REJECT:
    case CF_DEFER: break;
    default: answer.error = WSAEINVAL;
  }
  if (answer.error == 0) answer.response_data.resize(callee_data.len);
  return answer;
}

}  // namespace anteroom::winsock
