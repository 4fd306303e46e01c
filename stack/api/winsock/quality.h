// Quality of service is differentiated services, nothing more: a code point in the SYN, and the
// service type of a flowspec. Nothing is reserved, so nothing that wants a reservation is granted.
#pragma once

#include <cstdint>
#include <optional>

#include <anteroom/winsock/constants.h>

namespace anteroom::winsock {

// Both directions with the service type of the code point, everything else not specified.
QOS quality_of(std::uint8_t dscp);
// The code point that the sending flowspec asks for; none where it leaves things as they are.
// 0, or WSAEOPNOTSUPP: a rate, delay or size, or a service that has no code point.
int read_quality(const QOS& quality, std::optional<std::uint8_t>& dscp);

}  // namespace anteroom::winsock
