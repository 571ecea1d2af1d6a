// Shows what the trial says of itself, twice a second. Nothing is loaded from anywhere else.
import { drawMap } from "./map.js";

const IDEAS = {
  "request-driven": "Everybody who wants something asks for it, and waits. Everybody must be there.",
  "event-driven": "What happened is told in topics; who cares reacts. Only the address is still asked for.",
  "fully-event-driven": "Customers are told in a topic as well. Nobody asks anybody for anything.",
};
const FAULTS = {
  "shipping-down": "take shipping away", "customers-slow": "slow customers down", "kill": "kill services",
};
const STEPS = { fraud: "trusted", inventory: "put aside", payments: "paid", shipping: "shipped", email: "letter" };
const SIGNS = { yes: "✓", no: "✕", back: "↺" };
const FINAL = ["shipped", "rejected", "cancelled"];

const at = id => document.getElementById(id);
const make = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const draw = (name, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
const milliseconds = ms => ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
const sum = numbers => numbers.reduce((one, other) => one + other, 0);

function showHeadline(now) {
  at("architecture").textContent = now.architecture;
  at("idea").textContent = IDEAS[now.architecture];
  at("headline").className = now.headline.level;
  at("what").textContent = now.headline.what;
  at("cost").textContent = now.headline.cost;
}

function showButtons(now) {
  const buttons = now.faults.map(fault => make("button", {
    textContent: FAULTS[fault] + (now.fault === fault ? " …" : ""),
    className: now.fault === fault ? "under-way" : "",
    disabled: now.fault !== null,
    title: "for 20 seconds",
    onclick: () => fetch(`faults/${fault}`, { method: "PUT" }),
  }));
  if (now.heard.dead_letters) {
    buttons.push(make("button", {
      textContent: `put ${now.heard.dead_letters} dead letters back`,
      onclick: () => fetch("dead-letters", { method: "PUT" }),
    }));
  }
  const as = JSON.stringify(buttons.map(each => [each.textContent, each.disabled]));
  if (at("break").dataset.as === as) return;  // a button that is replaced while it is pressed is not pressed
  at("break").dataset.as = as;
  at("break").replaceChildren(...buttons);
}

function showTiles(now) {
  const { orders, failed, p50_ms, p99_ms } = now.lately;
  const underWay = sum(Object.entries(now.heard.totals).map(([state, orders]) => FINAL.includes(state) ? 0 : orders));
  const share = orders ? 100 * (1 - failed / orders) : NaN;
  const tile = (name, value, kind = "") =>
    make("div", { className: kind }, make("dt", { textContent: name }), make("dd", { textContent: value }));
  at("tiles").replaceChildren(
    tile("have their answer", orders ? `${share.toFixed(failed ? 1 : 0)} %` : "–", failed ? "bad" : ""),
    tile("sent away, in all", now.sent_away, now.sent_away ? "bad" : ""),
    tile("half wait at most", orders ? milliseconds(p50_ms) : "–", p50_ms > 1000 ? "warn" : ""),
    tile("99 in 100 wait at most", orders ? milliseconds(p99_ms) : "–", p99_ms > 1000 ? "warn" : ""),
    tile("orders under way", underWay, underWay > 50 ? "warn" : ""));
}

function showChart(now) {
  const width = at("chart").clientWidth || 900, height = 150, left = 52, top = 16, base = height - 18;
  const drawn = Math.max(60, now.seconds.length), step = (width - left) / drawn;
  const most = Math.max(4, ...now.seconds.map(each => each[0] + each[1] + each[2]));
  const x = second => left + (second - now.from_s) * step, high = orders => orders / most * (base - top);
  const parts = now.windows.flatMap(({ fault, from_s, to_s }) => {
    const from = Math.max(left, x(from_s)), to = Math.min(width, x(Math.min(to_s, now.elapsed_s)));
    return [draw("rect", { class: "fault-window", x: from, y: top, width: Math.max(0, to - from), height: base - top }),
      draw("text", { class: "fault-name", x: from + 2, y: top - 4 }, fault)];
  });
  now.seconds.forEach((each, second) => {
    let y = base;
    [["away", each[1]], ["answered", each[0]], ["waiting", each[2]]].forEach(([kind, orders]) => {
      y -= high(orders);
      if (orders) parts.push(draw("rect", {
        class: kind, x: left + second * step, y, width: Math.max(1, step - 1), height: high(orders) }));
    });
  });
  const longest = Math.max(100, ...now.seconds.map(each => each[3]));
  const points = now.seconds.map((each, second) =>
    `${left + (second + .5) * step},${base - each[3] / longest * (base - top)}`);
  parts.push(draw("polyline", { class: "longest", points: points.join(" ") }),
    draw("line", { class: "axis", x1: left, x2: width, y1: base, y2: base }),
    draw("text", { x: left - 5, y: top + 10, "text-anchor": "end" }, `${most}/s`),
    draw("text", { x: left - 5, y: top + 26, "text-anchor": "end" }, milliseconds(longest)),
    draw("text", { x: left, y: height - 4 }, `${Math.floor(now.from_s)} s`),
    draw("text", { x: width, y: height - 4, "text-anchor": "end" }, `${Math.floor(now.from_s) + drawn} s`));
  at("chart").setAttribute("viewBox", `0 0 ${width} ${height}`);
  at("chart").replaceChildren(...parts);
}

function showJourneys(now) {
  at("journeys").tHead.replaceChildren(make("tr", {}, ...["", "clicked", ...Object.values(STEPS), ""]
    .map(text => make("th", { textContent: text }))));
  const step = (kind, text = "") => make("td", {}, make("span", { className: `step ${kind}`, textContent: text }));
  at("journeys").tBodies[0].replaceChildren(...now.journeys.map(journey => {
    const isOver = FINAL.includes(journey.state);
    const here = Object.keys(STEPS).find(service => !journey.steps[service]);
    const cells = Object.keys(STEPS).map(service => {
      const came = journey.steps[service];
      if (came) return step(came, SIGNS[came]);
      if (isOver && service !== "email") return step("never", "–");
      return step(service === here ? "here" : "open");
    });
    const took = milliseconds(journey.age_ms);
    const [kind, text] = !isOver
      ? [journey.age_ms > 3000 ? "late" : "", `${here && here !== "email" ? `at ${here}` : "under way"} for ${took}`]
      : journey.state === "shipped" ? ["done", `shipped after ${took}`]
      : [journey.reason.includes("unavailable") ? "failed" : "", `${journey.state}: ${journey.reason || "it took too long"}`];
    return make("tr", {}, make("td", { textContent: journey.basket }), step("yes", SIGNS.yes), ...cells,
      make("td", { className: kind, textContent: text, title: text }));
  }));
}

function showProducts(now) {
  at("window").hidden = !now.heard.products.length;
  at("products").replaceChildren(...now.heard.products.map(product => {
    const change = Math.round(100 * (product.price_cents / product.list_price_cents - 1));
    const note = change ? `${change > 0 ? "▲" : "▼"} ${Math.abs(change)} %` : "";
    return make("div", {}, make("b", { textContent: product.name }),
      make("span", { textContent: ` ${(product.price_cents / 100).toFixed(2)} ` }),
      make("span", { textContent: note, className: change > 0 ? "dear" : "cheap" }),
      make("small", { textContent: product.available ? `${product.available} left` : "sold out" }));
  }));
}

function showTotals(now) {
  const totals = Object.entries(now.heard.totals).map(([state, orders]) => `${orders} ${state}`).join(", ");
  at("totals").textContent = totals && `Orders since the beginning: ${totals}.`;
}

const stream = new EventSource("stream");
stream.onmessage = message => {
  const now = JSON.parse(message.data);
  document.body.className = "";
  for (const show of [showHeadline, showButtons, showTiles, showChart, showJourneys, showProducts, showTotals]) show(now);
  drawMap(at("map"), at("legend"), now);
};
stream.onerror = () => {
  at("headline").className = "over";
  at("what").textContent = "The demo does not run any more.";
  at("cost").textContent = "This is how it was.";
  at("break").replaceChildren();
  delete at("break").dataset.as;
};
