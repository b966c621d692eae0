// SPDX-License-Identifier: Apache-2.0
// Keeps a page up to date: when something happens in the fleet, and every half minute for the figures, the page is fetched
// again and what differs is put in place. The server's HTML stays the only description of a page.

import { clockFrom, startAges, tick } from "./age.js";
import { morph } from "./morph.js";

const KINDS = ["node.joined", "node.lost", "node.back", "node.revoked", "run.started", "run.ended", "drift.found",
    "drift.mended", "join.asked", "bundle.published", "bundle.taken", "workload.serving", "workload.degraded",
    "workload.failed", "workload.stopped", "model.fetched", "bench.done", "bench.slower", "node.drained", "gap", "reset"];
const EVERY_MS = 30000;
const GATHER_MS = 300; // events come in bursts
const REST_MS = 1000; // between two fetches, and twenty times what the last one took: a busy controller is asked less often

const pulse = document.getElementById("pulse");
let fetching = false, again = false, waiting = 0, restUntil = 0;

function say(state, text) {
    pulse.hidden = false;
    pulse.className = `pulse ${state}`;
    pulse.textContent = text;
}

export async function refresh() {
    if (fetching) {
        again = true;
        return;
    }
    fetching = true;
    const begun = Date.now();
    try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
        if (answer.status === 401) {
            location.reload();
            return;
        }
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (answer.ok) {
            clockFrom(fresh.body);
            morph(document.getElementById("main"), fresh.getElementById("main"));
            morph(document.querySelector(".foot"), fresh.querySelector(".foot"));
            tick();
            document.dispatchEvent(new CustomEvent("roost:refreshed"));
        }
    } catch {
        say("off", "no connection");
    } finally {
        fetching = false;
        restUntil = Date.now() + Math.max(REST_MS, 20 * (Date.now() - begun));
        if (again) {
            again = false;
            soon();
        }
    }
}

function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, Math.max(GATHER_MS, restUntil - Date.now()));
}

function listen() {
    const source = new EventSource("/api/v1/events/stream");
    let lost = false; // before its first event a stream has no number to go on behind
    source.onopen = () => {
        say("on", "live");
        if (lost)
            soon();
        lost = false;
    };
    source.onerror = () => {
        lost = true;
        say("off", "connecting again");
    };
    source.onmessage = soon;
    for (const kind of KINDS)
        source.addEventListener(kind, soon);
    addEventListener("pagehide", () => source.close());
}

startAges();
if (pulse)
    listen();
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
