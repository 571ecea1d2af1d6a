// Services side by side; arcs above them are requests that somebody waits for, rails below them are topics.

const LEFT = 92, GAP = 120, CARD = 108, HIGH = 50, RAIL = 30, RIGHT = 44;
const LATELY_SECONDS = 4;
const seen = [];

const part = (name, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

// How often something happened in the last seconds: (service, "called", peer) → times a second.
function ratesOf(now) {
  seen.push({ at_s: now.elapsed_s, traffic: now.heard.traffic });
  while (seen.length > 2 && seen[0].at_s < now.elapsed_s - LATELY_SECONDS) seen.shift();
  const before = seen[0], seconds = now.elapsed_s - before.at_s;
  const times = (traffic, service, way, name) => traffic[service]?.[way][name] ?? 0;
  return (service, way, name) => seconds <= 0 ? 0 : Math.max(0,
    times(now.heard.traffic, service, way, name) - times(before.traffic, service, way, name)) / seconds;
}

export function drawMap(svg, legend, now) {
  const rate = ratesOf(now), services = now.processes.filter(each => each.name !== "broker");
  const broker = now.processes.find(each => each.name === "broker");
  const find = name => services.findIndex(each => each.name === name);
  const calls = services.flatMap(each => each.part.calls.map(peer => [each, services[find(peer)]]));
  const topics = topicsOf(services);
  const place = {
    top: 8 + Math.max(0, ...calls.map(([one, other]) => 18 + arc(Math.abs(find(one.name) - find(other.name))))),
    x: name => LEFT + find(name) * GAP,
    topics,
  };
  place.rail = topic => place.top + HIGH + 44 + topics.indexOf(topic) * RAIL;
  const isSlow = each => now.fault === "customers-slow" && each.name === "customers";
  const width = LEFT + services.length * GAP - (GAP - CARD) + (topics.length ? RIGHT : 8);
  const high = topics.length ? place.rail(topics.at(-1)) + 22 : place.top + HIGH + 14;
  svg.setAttribute("viewBox", `0 0 ${width} ${high}`);
  svg.replaceChildren(
    ...topics.flatMap(topic => rail(topic, place, width, broker, services, rate)),
    ...services.flatMap(each => stems(each, place, broker, rate)),
    ...calls.flatMap(([one, other]) => call(one, other, place, rate, isSlow(other))),
    ...buyers(now, place, services[0]),
    ...services.flatMap(each => card(each, now, place, services, rate, isSlow(each))));
  legend.replaceChildren(...[
    calls.length ? "⌒ asks, and waits for the answer" : "",
    topics.length ? "● tells in a topic" : "", topics.length ? "○ hears of it" : "",
    "blue: flowing", "red: broken", "amber: late",
  ].filter(text => text).map(text => Object.assign(document.createElement("span"), { textContent: text })));
}

const arc = distance => 18 + 13 * distance;

function topicsOf(services) {
  const told = services.flatMap(each => each.part.writes);
  const story = ["orders", "fraud", "inventory", "payments", "shipments", "customers", "prices"];
  return story.filter(topic => told.includes(topic));
}

function buyers(now, place, orders) {
  const y = place.top + HIGH / 2, lately = now.seconds.slice(-6, -1);
  const each = lately.reduce((sum, [answered, away]) => sum + answered + away, 0) / Math.max(1, lately.length);
  const kind = !orders.is_running ? "broken" : each ? "flowing" : "";
  return [
    part("text", { class: "topic", x: 2, y: y - 6 }, "buyers"),
    part("text", { x: 2, y: y + 10 }, `${each.toFixed(1)}/s`),
    part("line", { class: `wire ${kind}`, x1: 46, x2: LEFT - 8, y1: y, y2: y }),
    head(LEFT, y, "right", kind),
  ];
}

function rail(topic, place, width, broker, services, rate) {
  const y = place.rail(topic), each = services.reduce((sum, { name }) => sum + rate(name, "wrote", topic), 0);
  const right = width - RIGHT;
  return [
    part("line", { class: `rail ${broker.is_running ? "" : "gone"}`, x1: LEFT, x2: right, y1: y, y2: y }),
    part("text", { class: "topic", x: LEFT - 14, y: y + 4, "text-anchor": "end" }, topic),
    part("text", { x: width, y: y + 4, "text-anchor": "end" }, each ? `${each.toFixed(1)}/s` : ""),
  ];
}

// Left of its middle what a service tells, right of it what it hears.
function stems(service, place, broker, rate) {
  const middle = place.x(service.name) + CARD / 2, from = place.top + HIGH;
  const isBroken = !service.is_running || !broker?.is_running;
  const stem = (way, topics, x, isDown) => {
    const used = topics.filter(topic => place.topics.includes(topic));
    if (!used.length) return [];
    const end = Math.max(...used.map(place.rail)), flows = topic => rate(service.name, way, topic) > 0;
    const kind = any => isBroken ? "broken" : any ? "flowing" : "";
    const [y1, y2] = isDown ? [from, end] : [end, from + 8];
    return [
      part("line", { class: `wire ${kind(used.some(flows))}`, x1: x, x2: x, y1, y2 }),
      ...(isDown ? [] : [head(x, from, "up", kind(used.some(flows)))]),
      ...used.map(topic => part("circle", {
        class: `dot ${isDown ? "tells" : ""} ${kind(flows(topic))}`, cx: x, cy: place.rail(topic), r: 6 })),
    ];
  };
  return [...stem("wrote", service.part.writes, middle - 16, true), ...stem("read", service.part.reads, middle + 16, false)];
}

function call(one, other, place, rate, isSlow) {
  const from = place.x(one.name) + CARD / 2, to = place.x(other.name) + CARD / 2, y = place.top;
  const up = arc(Math.abs(to - from) / GAP), flows = rate(one.name, "called", other.name);
  const kind = !other.is_running || !one.is_running ? "broken" : isSlow ? "slow flowing" : flows ? "flowing" : "";
  const label = flows ? `${flows.toFixed(1)}/s` : "";
  return [
    part("path", { class: `wire ${kind}`, d: `M${from},${y} C${from},${y - up * 1.35} ${to},${y - up * 1.35} ${to},${y - 8}` }),
    head(to, y, "down", kind),
    part("text", { class: "rate", x: from + .3 * (to - from), y: y - up * .88 - 3, "text-anchor": "middle" }, label),
  ];
}

function card(service, now, place, services, rate, isSlow) {
  const x = place.x(service.name), y = place.top, lag = now.heard.lag[service.name] ?? 0;
  const asked = services.reduce((sum, { name }) => sum + rate(name, "called", service.name), 0);
  const [kind, note] = !service.is_running ? ["gone", lag ? `away, ${lag} wait` : "away"]
    : isSlow ? ["slow", "answers after 3 s"]
    : lag > 20 ? ["behind", `${lag} behind`]
    : service.part.reads.length ? ["", "up to date"]
    : ["", asked ? `asked ${asked.toFixed(1)}/s` : "runs"];
  const box = part("g", { class: `service ${kind}` });
  box.append(
    part("rect", { x, y, width: CARD, height: HIGH, rx: 8 }),
    part("text", { class: "name", x: x + CARD / 2, y: y + 21, "text-anchor": "middle" }, service.name),
    part("text", { class: "note", x: x + CARD / 2, y: y + 38, "text-anchor": "middle" }, note),
    part("rect", { class: "bar", visibility: lag > 20 ? "visible" : "hidden", x: x + 8, y: y + HIGH - 6, width: Math.min(1, lag / 400) * (CARD - 16), height: 3 }));
  return [box];
}

function head(x, y, way, kind) {
  const points = { right: [[-9, -5], [-9, 5]], down: [[-5, -9], [5, -9]], up: [[-5, 9], [5, 9]] }[way];
  return part("polygon", {
    class: `head ${kind}`, points: [[0, 0], ...points].map(([dx, dy]) => `${x + dx},${y + dy}`).join(" ") });
}
