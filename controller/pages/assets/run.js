// SPDX-License-Identifier: Apache-2.0
// A run as it happens: blocks and log lines are added from its stream of numbered events. The lines are those of
// controller/api/page_run_log.c.

import { startAges } from "./age.js";
import { morph } from "./morph.js";

const KINDS = ["result", "item", "play_start", "task_start", "stats", "warning", "deprecated", "no_hosts",
    "no_hosts_left", "message", "progress", "retry"];
const STATS = ["ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"];
const LINES_MAX = 3000;

const lanes = document.getElementById("lanes");
const log = document.getElementById("log");
const follow = document.getElementById("follow");
let last = Number(lanes.dataset.last);

function outcomeText(event) {
    const bad = event.outcome === "failed" || event.outcome === "unreachable";
    const message = bad && typeof event.result?.msg === "string" ? ` ${event.result.msg.slice(0, 500)}` : "";
    return `${event.outcome}: [${event.host ?? ""}]${event.item_label ? ` (${event.item_label})` : ""}${message}` +
        (event.ignored ? " ...ignoring" : "");
}

function lineText(kind, event) {
    switch (kind) {
    case "result":
    case "item":
        return outcomeText(event);
    case "play_start":
        return `PLAY [${event.name ?? ""}]`;
    case "task_start":
        return `${event.is_handler ? "HANDLER" : "TASK"} [${event.name ?? ""}]`;
    case "stats":
        return `${event.host ?? ""} : ${STATS.map((name) => `${name}=${event.stats?.[name] ?? 0}`).join(" ")}`;
    case "warning":
    case "deprecated":
        return `[WARNING] ${event.message ?? ""}`;
    case "no_hosts":
        return "skipping: no hosts matched";
    case "no_hosts_left":
        return "NO MORE HOSTS LEFT";
    default:
        return event.message ?? null;
    }
}

function lineClass(kind, event) {
    if (kind === "result" || kind === "item")
        return event.outcome ?? "unknown";
    if (kind === "play_start" || kind === "task_start")
        return "head";
    return kind === "warning" || kind === "deprecated" ? "warning" : "plain";
}

function addLine(kind, event) {
    const text = lineText(kind, event);
    if (text === null)
        return;
    const line = document.createElement("li"), time = document.createElement("time"), words = document.createElement("span");
    const at = new Date((event.time_us ?? Date.now() * 1000) / 1000).toISOString();
    line.className = `l-${lineClass(kind, event)}`;
    time.dateTime = at;
    time.textContent = at.slice(11, 19);
    words.textContent = text;
    line.append(time, " ", words);
    log.append(line);
    while (log.childElementCount > LINES_MAX)
        log.firstElementChild.remove();
    if (follow.checked)
        log.parentElement.scrollTop = log.parentElement.scrollHeight;
}

function laneOf(host) {
    for (const lane of document.querySelectorAll("#lane-list .lane"))
        if (lane.dataset.host === host)
            return lane;
    const lane = document.getElementById("lane-template").content.firstElementChild.cloneNode(true);
    const link = lane.querySelector("a");
    lane.dataset.host = host;
    link.textContent = host;
    link.href = `/nodes/${encodeURIComponent(host)}`;
    document.getElementById("lane-list").append(lane);
    document.getElementById("no-lanes")?.remove();
    return lane;
}

function addBlock(event) {
    const block = document.createElement("li"), words = document.createElement("span");
    const outcome = event.ignored ? "ignored" : event.outcome ?? "unknown";
    block.className = `b b-${outcome}`;
    block.title = words.textContent = `${outcome}: ${event.name ?? ""}`;
    words.className = "vh";
    block.append(words);
    laneOf(event.host ?? lanes.dataset.fallback).querySelector(".blocks").append(block);
}

function take(kind, message) {
    const number = Number(message.lastEventId);
    if (number <= last)
        return;
    last = number;
    const event = JSON.parse(message.data);
    addLine(kind, event);
    if (kind === "result")
        addBlock(event);
}

async function atEnd(source) {
    source.close();
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok)
        morph(document.getElementById("main"), new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main"));
    showPulse("", "ended");
}

function showPulse(state, text) {
    const pulse = document.getElementById("pulse");
    pulse.hidden = false;
    pulse.className = `pulse ${state}`;
    pulse.textContent = text;
}

startAges();
log.parentElement.scrollTop = log.parentElement.scrollHeight;
if (lanes.dataset.open === "1") {
    const source = new EventSource(`/api/v1/runs/${lanes.dataset.run}/stream?after=${last}`);
    follow.closest("p").hidden = false;
    source.onopen = () => showPulse("on", "live");
    source.onerror = () => showPulse("off", "connecting again");
    for (const kind of KINDS)
        source.addEventListener(kind, (message) => take(kind, message));
    source.addEventListener("end", () => atEnd(source));
    addEventListener("pagehide", () => source.close());
}
