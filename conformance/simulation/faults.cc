// Each kind of fault is there in some runs only: where everything is bad, nothing gets far enough
// to break.
#include "conformance/simulation/faults.h"

#include <algorithm>

#include <fmt/format.h>

namespace anteroom::simulation {
namespace {

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

double some(Dice& dice, double probability, double most) {
  return dice.happens(probability) ? most * static_cast<double>(dice.between(1, 100)) / 100 : 0;
}

PipeOptions draw_pipe(Dice& dice) {
  PipeOptions pipe;
  pipe.latency = dice.one_of<Duration>({10us, 1ms, 1ms, 10ms, 50ms, 300ms});
  if (dice.happens(0.3)) pipe.jitter = dice.between(1us, 2 * pipe.latency);
  pipe.reorder = some(dice, 0.3, 0.1);
  pipe.reorder_delay = dice.between(1us, 2 * pipe.latency);
  pipe.loss = some(dice, 0.5, dice.one_of({0.01, 0.1, 0.4}));
  if (dice.happens(0.2)) {
    pipe.burst_begin = some(dice, 1, 0.05);
    pipe.burst_end = some(dice, 1, 0.5);
    pipe.burst_loss = dice.one_of({0.5, 1.0});
  }
  pipe.duplicate = some(dice, 0.3, 0.1);
  pipe.corrupt = some(dice, 0.2, 0.05);
  if (dice.happens(0.4)) {
    pipe.rate_bits_per_s = dice.one_of<std::uint64_t>({256'000, 2'000'000, 100'000'000});
    pipe.queue_frames_max = static_cast<std::uint32_t>(dice.between(4, 100));
    if (dice.happens(0.5)) pipe.mark_frames = pipe.queue_frames_max / 2;
  }
  if (dice.happens(0.15)) {
    pipe.mtu = static_cast<std::uint16_t>(dice.between(600, 1'499));
    pipe.mtu_honest = dice.happens(0.7);
  }
  return pipe;
}

void draw_tcp(Dice& dice, TcpConfig& tcp) {
  tcp.window_scale = dice.happens(0.8);
  tcp.timestamps = dice.happens(0.7);
  tcp.sack = dice.happens(0.8);
  tcp.no_delay = dice.happens(0.2);
  tcp.ecn = dice.one_of({EcnUse::off, EcnUse::accept, EcnUse::classic, EcnUse::accurate});
  tcp.congestion = dice.one_of({CongestionAlgorithm::cubic, CongestionAlgorithm::new_reno});
  tcp.pacing = dice.happens(0.2);
  tcp.initial_window_segments = static_cast<std::uint32_t>(dice.one_of({1, 3, 10, 10, 40}));
  tcp.rto_max = dice.one_of<Duration>({4s, 60s, 60s});
  tcp.delayed_ack = dice.one_of<Duration>({1ms, 40ms, 40ms, 200ms});
  tcp.msl = dice.one_of<Duration>({500ms, 5s, 30s});
  if (dice.happens(0.2)) {
    tcp.retries_max = static_cast<std::uint32_t>(dice.between(3, 8));
    tcp.syn_retries_max = static_cast<std::uint32_t>(dice.between(0, 4));
    tcp.syn_ack_retries_max = static_cast<std::uint32_t>(dice.between(0, 3));
  }
}

void draw_limits(Dice& dice, Limits& limits) {
  limits.send_buffer_bytes_max = dice.one_of({4u << 10, 16u << 10, 64u << 10, 1u << 20});
  limits.receive_buffer_bytes_max = dice.one_of({4u << 10, 16u << 10, 64u << 10, 1u << 20});
  if (dice.happens(0.2)) limits.connections_max = static_cast<std::uint32_t>(dice.between(2, 12));
  if (dice.happens(0.2)) limits.requests_max = static_cast<std::uint32_t>(dice.between(1, 6));
  if (dice.happens(0.2)) limits.requests_per_source_max = 2;
  if (dice.happens(0.2)) limits.caller_data_bytes_max = dice.one_of({0u, 100u, 1'000u});
  if (dice.happens(0.2)) limits.caller_data_bytes_per_listener_max = 2'000;
  if (dice.happens(0.2)) limits.out_of_order_ranges_max = dice.one_of({1u, 4u});
  if (dice.happens(0.1)) limits.buffer_bytes_max = dice.one_of({64u << 10, 256u << 10});
  if (dice.happens(0.2)) limits.challenge_acks_per_second = 1;
  if (dice.happens(0.2)) limits.replies_max = 2;
  if (dice.happens(0.2)) limits.neighbor_reachable_time = 1s;
  if (dice.happens(0.3)) limits.amplification_factor_max = 0;
  if (dice.happens(0.2)) limits.timers_per_advance = 1;
  if (dice.happens(0.3)) limits.fast_open_key_period = 5s;
  if (dice.happens(0.6)) limits.fast_open_pause_min = dice.one_of<Duration>({1ms, 1s});
  if (dice.happens(0.2)) limits.fast_open_servers_max = dice.one_of({0u, 1u});
}

HostOptions draw_host(Dice& dice, std::size_t index, std::uint64_t seed, bool clean) {
  HostOptions host;
  host.config = host_config(index, seed);
  host.config.interface.mtu = dice.one_of<std::uint16_t>({576, 1'500, 1'500, 1'500, 9'000});
  if (dice.happens(0.2)) {  // few ports: old flows come again soon
    host.config.ephemeral_port_max =
        static_cast<std::uint16_t>(host.config.ephemeral_port_min + dice.between(1, 4));
  }
  draw_tcp(dice, host.config.tcp);
  draw_limits(dice, host.config.limits);
  host.up = draw_pipe(dice);
  host.down = dice.happens(0.7) ? host.up : draw_pipe(dice);  // else an asymmetric path
  if (clean) {
    host.up = host.up.calm();
    host.down = host.down.calm();
  }
  return host;
}

// Whole runs speak IPv6, whose links all take 1,280 bytes (RFC 8200 5). Seeds below 100,000 don't:
// they go on meaning what they meant.
void draw_version(Dice& dice, RunOptions& run) {
  constexpr std::uint64_t kFirst = 100'000;
  constexpr std::uint16_t kMtuMin = 1'280;
  if (run.seed < kFirst || dice.happens(0.5)) return;
  for (std::size_t i = 0; i < run.hosts.size(); ++i) {
    HostOptions& host = run.hosts[i];
    host.config.interface.addresses = {ipv6_of_host(i)};
    host.config.interface.mtu = std::max(host.config.interface.mtu, kMtuMin);
    for (PipeOptions* pipe : {&host.up, &host.down}) {
      if (pipe->mtu != 0) pipe->mtu = std::max(pipe->mtu, kMtuMin);
    }
  }
}

FastOpen draw_fast_open(Dice& dice) {
  return dice.one_of({FastOpen::off, FastOpen::cookie, FastOpen::cookie, FastOpen::cookie_less});
}

ListenerPlan draw_listener(Dice& dice, std::uint16_t port) {
  ListenerPlan plan;
  plan.options.local = {IpAddress(), port};
  plan.options.conditional = port != kPortFirst;
  plan.options.deferral = dice.one_of({Deferral::strict, Deferral::independent});
  plan.options.overload = dice.one_of({OverloadPolicy::drop, OverloadPolicy::reset});
  if (!plan.options.conditional && dice.happens(0.5)) {
    plan.options.overload = OverloadPolicy::challenge;
  }
  plan.options.consume_caller_data = plan.options.conditional && dice.happens(0.3);
  if (dice.happens(0.3)) {
    plan.options.backlog_max = static_cast<std::uint32_t>(dice.between(1, 5));
  }
  plan.options.fast_open = draw_fast_open(dice);
  if (dice.happens(0.2)) plan.options.fast_open_pending_max = 1;
  if (dice.happens(0.1)) plan.closes_after = dice.between(100ms, 15s);
  return plan;
}

// What came later is drawn from dice of its own, so that old seeds go on meaning what they meant.
void draw_more(Dice& dice, WorkloadOptions& work) {
  work.marked = some(dice, 0.5, 1);
  work.verdicts.challenge = some(dice, 0.5, 0.7);
  work.verdicts.abandon = some(dice, 0.5, 0.7);
  for (ListenerPlan& plan : work.listeners) {
    ListenOptions& options = plan.options;
    if (!options.conditional || dice.happens(0.5)) continue;
    options.handshake_first = dice.happens(0.4);
    options.marked = dice.happens(0.6);
    options.save_syn = dice.happens(0.3);
    options.default_verdict = dice.one_of({DefaultVerdict::ignore, DefaultVerdict::reject});
    if (dice.happens(0.4)) options.overload = OverloadPolicy::challenge;
    if (dice.happens(0.2)) options.deferral = Deferral::unordered;
  }
}

WorkloadOptions draw_workload(Dice& dice) {
  WorkloadOptions work;
  for (std::uint16_t port = kPortFirst; port < kPortLast; ++port) {
    if (dice.happens(0.8)) work.listeners.push_back(draw_listener(dice, port));
  }
  work.connects =
      static_cast<std::uint32_t>(dice.between(0, dice.one_of<std::uint64_t>({4, 20, 60})));
  work.connects_within = dice.between(0ms, 15s);
  work.caller_data = dice.one_of({0.0, 0.5, 1.0});
  work.fast_open = some(dice, 0.6, 1);
  work.impatient = some(dice, 0.5, 0.5);
  work.verdicts.reject = some(dice, 0.7, 0.3);
  work.verdicts.ignore = some(dice, 0.7, 0.3);
  work.verdicts.silence = some(dice, 0.7, 0.3);
  work.verdicts.defer = some(dice, 0.7, 0.7);
  work.verdicts.slow = some(dice, 0.7, 0.7);
  work.manners.stream_bytes_max = dice.one_of<std::uint64_t>({1'000, 10'000, 100'000, 400'000});
  work.manners.slow_writer = some(dice, 0.5, 0.5);
  work.manners.slow_reader = some(dice, 0.5, 0.5);
  work.manners.urgent = some(dice, 0.3, 0.3);
  work.manners.rude = some(dice, 0.6, 0.6);
  work.manners.keepalive = some(dice, 0.3, 0.5);
  return work;
}

}  // namespace

RunOptions draw_options(std::uint64_t seed) {
  Dice dice(seed, 1);
  Dice more_dice(seed, 2);
  RunOptions run;
  run.seed = seed;
  const bool clean = dice.happens(0.1);
  const std::size_t hosts = dice.happens(0.5) ? 2 : 3;
  for (std::size_t i = 0; i < hosts; ++i) {
    run.hosts.push_back(draw_host(dice, i, seed, clean));
    run.workloads.push_back(draw_workload(dice));
    draw_more(more_dice, run.workloads.back());
  }
  Dice version_dice(seed, 3);
  draw_version(version_dice, run);
  run.workloads.front().connects += 1;
  run.faults_for = dice.between(2s, 40s);
  while (!clean && dice.happens(0.2)) {
    run.jumps.push_back(
        {dice.between(0ms, run.faults_for), dice.one_of<Duration>({100ms, 3s, 90s})});
  }
  std::sort(run.jumps.begin(), run.jumps.end(),
            [](const ClockJump& a, const ClockJump& b) { return a.after < b.after; });
  return run;
}

std::string to_string(const RunOptions& run) {
  std::string text = fmt::format("  seed {}: faults for {:g}s, then {:g}s to end", run.seed,
                                 seconds(run.faults_for), seconds(run.liveness_bound));
  for (const ClockJump& jump : run.jumps) {
    text +=
        fmt::format("\n  clock jumps by {:g}s after {:g}s", seconds(jump.by), seconds(jump.after));
  }
  for (std::size_t i = 0; i < run.hosts.size(); ++i) {
    const Config& c = run.hosts[i].config;
    const TcpConfig& t = c.tcp;
    const Limits& l = c.limits;
    text += fmt::format(
        "\n  host {} ({}): mtu={} ports={} scale={:d} timestamps={:d} sack={:d} no_delay={:d} "
        "ecn={:d} congestion={:d} pacing={:d} "
        "initial_window={} rto_max={:g}s delayed_ack={:g}s msl={:g}s retries={}/{}/{}",
        i, to_string(c.interface.addresses.front().address), c.interface.mtu,
        c.ephemeral_port_max - c.ephemeral_port_min + 1, t.window_scale, t.timestamps, t.sack,
        t.no_delay, static_cast<int>(t.ecn), static_cast<int>(t.congestion), t.pacing,
        t.initial_window_segments, seconds(t.rto_max), seconds(t.delayed_ack), seconds(t.msl),
        t.syn_retries_max, t.syn_ack_retries_max, t.retries_max);
    text += fmt::format(
        "\n    limits: send={} receive={} connections={} requests={}/{} caller_data={}/{} "
        "buffers={} ranges={} challenges={} replies={} reachable={:g}s amplification={} timers={} "
        "fast_open={:g}s/{:g}s/{}",
        l.send_buffer_bytes_max, l.receive_buffer_bytes_max, l.connections_max, l.requests_max,
        l.requests_per_source_max, l.caller_data_bytes_max, l.caller_data_bytes_per_listener_max,
        l.buffer_bytes_max, l.out_of_order_ranges_max, l.challenge_acks_per_second, l.replies_max,
        seconds(l.neighbor_reachable_time), l.amplification_factor_max, l.timers_per_advance,
        seconds(l.fast_open_key_period), seconds(l.fast_open_pause_min), l.fast_open_servers_max);
    text += "\n    up:   " + to_string(run.hosts[i].up);
    text += "\n    down: " + to_string(run.hosts[i].down);
    text += "\n    work: " + to_string(run.workloads[i]);
  }
  return text;
}

}  // namespace anteroom::simulation
