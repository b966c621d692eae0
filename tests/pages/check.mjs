// SPDX-License-Identifier: Apache-2.0
// Every page at every size, then what is live. Each check prints a line; the first that fails ends the test.
//     node check.mjs URL ACCOUNT.json AXE.js SHOTS

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Agent, ask } from "./agent.mjs";
import { Browser } from "./browser.mjs";

const [base, account, axePath, shots] = process.argv.slice(2);
const token = JSON.parse(readFileSync(account, "utf8")).token;
const axe = readFileSync(axePath, "utf8");

const SIZES = {
    phone: { width: 360, height: 740, mobile: true, scale: 2 },
    desktop: { width: 1360, height: 900, dark: true },
    wall: { width: 3840, height: 2160, dark: true, reduced: true },
};
// A page, and texts that must be there whether a script runs or not.
const PAGES = {
    rack: ["/", "ai-24"],
    node: ["/nodes/ai-04", "PermitRootLogin"],
    workloads: ["/workloads", "load-deepseek", "1 serving", "1 done", "2 placing"],
    workload: ["/workloads/chat", "hf://Qwen/Qwen3-235B-A22B-GGUF"],
    models: ["/models", "gpt-oss-120b-mxfp4"],
    memory: ["/memory", "memory-ai-03"],
    bench: ["/bench", "tg128"],
    playground: ["/playground", "Prompt"],
    runs: ["/runs", "2 of 12 hosts failed"],
    run: ["/runs/1", "llama_cpp : start"],
    drift: ["/drift", "a login session of root from 192.0.2.14"],
    trust: ["/trust", "c0ffee00aa11bb22"],
    login: ["/login", "API token"],
};

const ON_A_WALL = ["rack", "workloads", "memory", "bench", "runs"];

function check(what, good, found = "") {
    if (!good)
        throw new Error(`${what}: ${typeof found === "string" ? found : JSON.stringify(found, null, 2)}`);
    console.log(`ok  ${what}`);
}

async function audit(tab, what) {
    await tab.value(`${axe}; 0`);
    const found = await tab.value(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map((v) =>
        ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary) })))`);
    check(`${what}: axe-core finds nothing`, found.length === 0, found);
}

// A phone shows a page that is too wide smaller: what counts is the width that there is.
async function fits(tab, what, width) {
    const page = await tab.value("document.documentElement.scrollWidth");
    check(`${what}: nothing sticks out`, page <= width, `${page} of ${width} pixels`);
}

// Text that runs out of its own box: a class that means two things, a width meant for something else.
async function holds(tab, what) {
    const out = await tab.value(`[...document.querySelectorAll("code, a, button, dt, dd, th, td, h1, h2, h3, summary, label")]
        .filter((e) => e.checkVisibility() && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "visible")
        .slice(0, 3).map((e) => e.outerHTML.slice(0, 200) + " " + e.scrollWidth + " of " + e.clientWidth)
        .concat([...document.querySelectorAll("code")].filter((e) => e.checkVisibility() && getComputedStyle(e).display !== "inline" && e.closest("pre") === null)
        .slice(0, 3).map((e) => e.outerHTML.slice(0, 200)))`);
    check(`${what}: text is in its box`, out.length === 0, out);
}

async function everyPage(browser) {
    for (const [size, options] of Object.entries(SIZES)) {
        const tab = await browser.tab(options);
        await tab.signIn(base, token);
        for (const [name, [path, ...texts]] of Object.entries(PAGES)) {
            const what = `${name}, ${size}`;
            if (size === "wall" && !ON_A_WALL.includes(name))
                continue;
            const status = await tab.go(base + path + (size === "wall" && name === "rack" ? "?wall=1" : ""));
            const html = await tab.html();
            check(`${what}: is there`, status === 200 && texts.every((text) => html.includes(text)), `status ${status}`);
            await fits(tab, what, options.width);
            await holds(tab, what);
            if (size !== "wall" || name === "rack") // the others are the same, only larger
                await audit(tab, what);
            await tab.screenshot(join(shots, `${name}-${size}.png`));
            check(`${what}: no complaints`, tab.complaints.length === 0, tab.complaints);
        }
        await tab.close();
    }
}

// A form of a page, sent without a script.
async function withoutScript(browser) {
    const tab = await browser.tab({ width: 1000, height: 800, script: false });
    check("signed out: 401 and the form", await tab.go(`${base}/drift`) === 401 && (await tab.html()).includes("/login"));
    await tab.type("#token", token);
    const status = await tab.follow(() => tab.click(".card button"));
    check("signing in leads to the page asked for", status === 200 && (await tab.html()).includes("<h1>Drift</h1>"), String(status));
    for (const [name, [path, ...texts]] of Object.entries(PAGES)) {
        const html = (await tab.go(base + path), await tab.html());
        check(`${name}, without JavaScript`, texts.every((text) => html.includes(text)) && html.includes("Without JavaScript"));
    }
    await tab.go(`${base}/trust`);
    await tab.follow(() => tab.click("#join-1 button"));
    const html = await tab.html();
    check("a join is approved without JavaScript", !html.includes("join-1") && html.includes("node.approve"));
    const loads = (await tab.go(`${base}/workloads`), await tab.html());
    const cards = loads.match(/<li class="load /g).length, queues = loads.match(/<dt>queue<\/dt><dd[^>]*>\d+<\/dd>/g)?.length;
    check("each workload has a queue, which is the gateway's", cards > 3 && queues === cards, `${queues} of ${cards}`);
    await tab.go(`${base}/workloads/old-chat`);
    await tab.follow(() => tab.click(".head form button"));
    check("a workload is started without JavaScript", (await tab.html()).includes("<dd>to run</dd>"));
    await tab.follow(() => tab.click(`form[action$="/stop"] button`));
    check("and stopped", (await tab.html()).includes("<dd>stopped</dd>"));
    await tab.follow(() => tab.click(".out button"));
    check("signed out again", await tab.go(base) === 401);
    await tab.close();
}

async function liveRack(browser) {
    const tab = await browser.tab(SIZES.desktop);
    await tab.signIn(base, token);
    await tab.go(base);
    await tab.until("the live sign", () => tab.value(`document.querySelector("#pulse.on") !== null`));
    await tab.call("Input.dispatchKeyEvent", { type: "keyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
    await tab.call("Input.dispatchKeyEvent", { type: "keyUp", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
    const outline = await tab.value("getComputedStyle(document.activeElement).outlineStyle + parseFloat(getComputedStyle(document.activeElement).outlineWidth)");
    check("the keyboard's focus is seen", /^solid[2-9]/.test(outline), outline);
    await tab.value(`document.querySelector("#node-ai-03 a").focus()`);
    await tab.value(`window.untouched = document.querySelector("#node-ai-03")`);
    const before = await tab.value(`document.querySelector("#node-ai-03 time").textContent`);
    await ask(base, "/api/v1/nodes/ai-02", { method: "DELETE", token });
    await tab.until("the tile to change", () => tab.value(`document.querySelector("#node-ai-02").className.includes("t-revoked")`));
    check("a tile changes without a reload", tab.loaded === 1, String(tab.loaded));
    check("the others and the focus stay", await tab.value(
        `window.untouched.isConnected && document.activeElement === document.querySelector("#node-ai-03 a")`));
    await tab.until("an age to go on", async () => await tab.value(`document.querySelector("#node-ai-03 time").textContent`) !== before);
    check("ages go on", true);
    const jumps = await tab.value(`new Promise((resolve) => {
        new PerformanceObserver((list) => resolve(list.getEntries().map((entry) =>
            [entry.value, ...entry.sources.map((source) => source.node?.outerHTML?.slice(0, 100))])))
            .observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve([]), 200);
    })`);
    check("nothing jumps", jumps.reduce((sum, [value]) => sum + value, 0) < 0.01, jumps);
    check("no complaints while live", tab.complaints.length === 0, tab.complaints);
    await tab.close();
}

const event = (name, rest) => ["run_event", { run: "r1", event: { event: name, time_us: Date.now() * 1000, ...rest } }];

async function liveRun(browser) {
    const agent = await Agent.join(base, token, "ai-30");
    await agent.report(["hello", { agent: "0.4.0", boot_id: "b" }], ["run_start", { run: "r1", kind: "check", playbook: "site.yml" }],
        event("play_start", { name: "all" }), event("task_start", { name: "motd" }),
        event("result", { name: "motd", host: "ai-30", outcome: "ok" }));
    const { items: [run] } = await ask(base, "/api/v1/runs?limit=1", { token });
    const tab = await browser.tab(SIZES.desktop);
    await tab.signIn(base, token);
    await tab.go(`${base}/runs/${run.id}`);
    await tab.until("the live sign", () => tab.value(`document.querySelector("#pulse.on") !== null`));
    const count = (selector) => tab.value(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
    check("what was is there once", await count(".lane .b") === 1 && await count("#log li") === 3);
    await agent.report(event("task_start", { name: "evil <b>task</b>" }),
        event("result", { name: "evil <b>task</b>", host: "ai-30", outcome: "failed", result: { msg: "<img src=x onerror=alert(1)>" } }));
    await tab.until("a block to come", async () => await count(".lane .b") === 2);
    check("a block and its lines come without a reload", await count("#log li") === 5 && await count(".lane .b-failed") === 1);
    check("what comes live is text", await count("#log img") === 0 && await count("#log b") === 0 &&
        (await tab.value(`document.querySelector("#log li:last-child").textContent`)).includes("failed: [ai-30] <img src=x"));
    await agent.report(["run_end", { run: "r1", outcome: "failed", reason: "1 task failed", ok: 1, changed: 0, failed: 1, skipped: 0 }]);
    await tab.until("the end", () => tab.value(`document.querySelector("#head .s-failed") !== null`));
    check("the end brings the recap", (await tab.value(`document.querySelector(".recap").textContent`)).includes("ok 1"));
    check("live and fresh lanes are the same", await count(".lane .b") === 2 && tab.loaded === 1);
    check("no complaints in a live run", tab.complaints.length === 0, tab.complaints);
    await tab.close();
}

// Nobody serves here: what the gateway says of it must reach who asks, with a script and without one.
async function playground(browser) {
    for (const script of [true, false]) {
        const what = script ? "with a script" : "without JavaScript";
        const tab = await browser.tab({ ...SIZES.desktop, script });
        await tab.signIn(base, token);
        await tab.go(`${base}/playground?model=qwen3-235b`);
        await tab.type("#prompt", "Say <b>OK</b>.");
        if (script) {
            await tab.click("#ask button");
            await tab.until("the gateway's word", () => tab.value(`document.querySelector("#answer-trouble:not([hidden]) span")?.textContent.length > 10`));
            await audit(tab, "playground with an answer");
        } else {
            const status = await tab.follow(() => tab.click("#ask button"));
            const html = await tab.html();
            check("playground, without JavaScript: the gateway's word", status >= 400 && /id="answer-trouble">.*<span>.{10,}<\/span>/.test(html), String(status));
            check("playground, without JavaScript: the prompt stays, as text", html.includes("Say &lt;b&gt;OK&lt;/b&gt;.") && !html.includes("<b>OK</b>"));
        }
        check(`playground, ${what}: an answer or a reason`, true);
        await tab.close();
    }
}

async function nowhere(browser) {
    const tab = await browser.tab(SIZES.phone);
    await tab.signIn(base, token);
    for (const path of ["/nodes/ai-99", "/runs/4711", "/workloads/chut", "/shelf", "/models?match=zz", "/?verdict=drift", "/?match=zz", "/drift?resolved=1&cause=corrective", "/?verdict=%3Cb%3E"]) {
        const status = await tab.go(base + path);
        check(`${path}: a page`, status === (/^\/(\?|drift|models)/.test(path) ? 200 : 404) && (await tab.html()).includes("<h1"), String(status));
        if (path === "/shelf" || path === "/?match=zz")
            await audit(tab, path);
    }
    await tab.close();
}

async function search(browser) {
    const tab = await browser.tab(SIZES.desktop);
    await tab.signIn(base, token);
    await tab.go(`${base}/nodes/ai-01`);
    await tab.click("#facts-all summary");
    await tab.type("#facts-search", "kernel RELEASE");
    const [shown, all] = await tab.value(`[document.querySelectorAll("#facts-table tr:not([hidden])").length, document.querySelectorAll("#facts-table tr").length]`);
    check("facts are found", shown >= 1 && shown < 5 && all > 100, `${shown} of ${all}`);
    await audit(tab, "node with open facts");
    await tab.close();
}

const browser = await Browser.open();
try {
    await liveRack(browser); // first: ages are in seconds then
    await everyPage(browser);
    await withoutScript(browser);
    await liveRun(browser);
    await search(browser);
    await playground(browser);
    await nowhere(browser);
    console.log(`the dashboard holds; screenshots are in ${shots}`);
} catch (error) {
    console.error(`FAILED ${error.stack}`);
    process.exitCode = 1;
} finally {
    await browser.close();
}
