/** The control page: one button per scenario, and a few numbers that show the world moves. */
import type { ScenarioPlayer } from "../scenarios/player.ts";

const TEXTS = {
  zh: {
    title: "模拟校区控制台",
    lead: "仅限本机。这里改变的是模拟世界，不是平台。",
    start: "开始",
    stop: "停止",
    other: "English",
    otherCode: "en",
    states: { idle: "未运行", running: "进行中", done: "已结束", stopped: "已停止" },
    power: "校区功率",
    people: "楼内人数",
    lights: "亮灯房间",
    clock: "校区时间",
  },
  en: {
    title: "Simulated campus",
    lead: "This machine only. What changes here is the simulated world, not the platform.",
    start: "Start",
    stop: "Stop",
    other: "中文",
    otherCode: "zh",
    states: { idle: "not running", running: "running", done: "ended", stopped: "stopped" },
    power: "Campus power",
    people: "People inside",
    lights: "Rooms with light",
    clock: "Campus time",
  },
} as const;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#f7f8fa}
header a{white-space:nowrap}header{display:flex;justify-content:space-between;align-items:baseline}
dl{display:flex;gap:2rem;flex-wrap:wrap}dt{color:#5b6675;font-size:.85rem}dd{margin:0;font-size:1.4rem}
article{background:#fff;border:1px solid #dde2e8;border-radius:8px;padding:1rem;margin:.75rem 0}
h2{margin:0;font-size:1.1rem}p{margin:.3rem 0}button{font:inherit;padding:.3rem 1rem;margin-right:.5rem}
.state{color:#5b6675}`;

/** Runs in the browser; reads the same calls as everybody else. */
const script = (texts: (typeof TEXTS)["zh" | "en"]): string => `
const states = ${JSON.stringify(texts.states)};
async function act(id, verb) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const response = await fetch("/scenarios/" + id + "/" + verb, options);
  if (!response.ok) alert((await response.json()).problems.join("\\n"));
  await look();
}
async function look() {
  for (const s of await (await fetch("/scenarios")).json()) {
    const place = document.getElementById("state-" + s.id);
    if (place) place.textContent = states[s.state] + (s.state === "running" ? " " + Math.round(s.elapsedMs / 1000) + " s" : "");
  }
  const truth = await (await fetch("/state")).json();
  const rooms = Object.values(truth.rooms);
  const set = (id, text) => { document.getElementById(id).textContent = text; };
  set("power", (truth.feeders.site.activeW / 1000).toFixed(1) + " kW");
  set("people", rooms.reduce((sum, r) => sum + r.people, 0));
  set("lights", rooms.filter((r) => r.lightShare > 0).length);
  const m = truth.minuteOfDay;
  set("clock", String(Math.floor(m / 60)).padStart(2, "0") + ":" + String(m % 60).padStart(2, "0"));
}
document.addEventListener("click", (event) => {
  const { id, verb } = event.target.dataset ?? {};
  if (id) act(id, verb);
});
look();
window.setInterval(look, 2000);`;

export function controlPage(player: ScenarioPlayer, language: "zh" | "en"): string {
  const texts = TEXTS[language];
  const cards = [...player.files.values()].map(
    ({ id, name, what }) => `<article><h2>${escaped(name[language])}
<span class="state" id="state-${id}"></span></h2><p>${escaped(what[language])}</p>
<button data-id="${id}" data-verb="start">${texts.start}</button>
<button data-id="${id}" data-verb="stop">${texts.stop}</button></article>`,
  );
  const numbers = (["clock", "power", "people", "lights"] as const).map(
    (id) => `<div><dt>${texts[id]}</dt><dd id="${id}">…</dd></div>`,
  );
  return `<!doctype html><html lang="${language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${texts.title}</title>
<style>${STYLE}</style><header><h1>${texts.title}</h1>
<a href="/?lang=${texts.otherCode}">${texts.other}</a></header><p>${texts.lead}</p>
<dl>${numbers.join("")}</dl>${cards.join("\n")}<script>${script(texts)}</script></html>`;
}
