"""Reads a pcap capture of IPv4 and IPv6 over Ethernet or raw IP, and gives its TCP segments as values.

For tests that ask in which segment something travelled. It knows the fixed headers and nothing more, on purpose: it
must not share the mistakes of the parser it is to judge.
"""

import socket
import struct
from dataclasses import dataclass

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass
class Segment:
    time: float
    source: tuple
    target: tuple
    flags: int
    seq: int
    ack: int
    window: int
    options: bytes
    payload: bytes

    def has(self, *flags):
        return all(self.flags & flag for flag in flags)

    def is_only(self, *flags):
        return self.flags & (FIN | SYN | RST | ACK) == sum(flags)

    def kinds(self):
        """What each option says, by its kind."""
        found, rest = {}, self.options
        while rest and rest[0]:
            if rest[0] == 1:
                rest = rest[1:]
            else:
                found[rest[0]] = rest[2:rest[1]]
                rest = rest[rest[1]:]
        return found


def frames(path):
    """Times in seconds and IP packets."""
    with open(path, "rb") as file:
        data = file.read()
    magic, = struct.unpack_from("<I", data)
    scale = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}[magic]
    link_type, = struct.unpack_from("<I", data, 20)
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        if link_type == 1:
            if frame[12:14] not in (b"\x08\x00", b"\x86\xdd"):
                continue
            frame = frame[14:]
        yield seconds + fraction * scale, frame


def unwrap(packet):
    """Both addresses of a packet and its TCP segment; nothing where it is a fragment, has no segment, or hides it."""
    if packet[0] >> 4 == 6:
        if packet[6] != 6:
            return None
        length, = struct.unpack_from(">H", packet, 4)
        source, target = (socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24))
        return source, target, packet[40:40 + length]
    if packet[9] != 6 or struct.unpack_from(">H", packet, 6)[0] & 0x3FFF:
        return None
    length, = struct.unpack_from(">H", packet, 2)
    source, target = (".".join(map(str, packet[at:at + 4])) for at in (12, 16))
    return source, target, packet[(packet[0] & 15) * 4:length]


def segments(path):
    """Every TCP segment of an unfragmented packet, in the order of the capture."""
    found = []
    for time, packet in frames(path):
        unwrapped = unwrap(packet)
        if not unwrapped:
            continue
        source_address, target_address, tcp = unwrapped
        source_port, target_port, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", tcp)
        offset = (offset >> 4) * 4
        source, target = (source_address, source_port), (target_address, target_port)
        found.append(Segment(time, source, target, flags, seq, ack, window, tcp[20:offset], tcp[offset:]))
    return found


def conversations(path):
    """The segments of each connection, by the client's port, in the order they began."""
    by_port = {}
    for segment in segments(path):
        opens = segment.is_only(SYN)
        port = segment.source[1] if opens else None
        if port is None:
            known = [p for p in (segment.source[1], segment.target[1]) if p in by_port]
            if not known:
                continue
            port = known[0]
        by_port.setdefault(port, []).append(segment)
    return by_port
