// SPDX-License-Identifier: Apache-2.0
// How long the rack takes with a large fleet: the server's answer, and the browser's first paint. Prints one JSON object.
//     node paint.mjs URL ACCOUNT.json AXE.js SHOTS

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Browser } from "./browser.mjs";

const [base, account, , shots] = process.argv.slice(2);
const { token } = JSON.parse(readFileSync(account, "utf8"));
const RUNS = 5;

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function paint(browser, path) {
    const tab = await browser.tab({ width: 1360, height: 900 });
    await tab.signIn(base, token);
    await tab.go(base + path);
    const out = await tab.value(`new Promise((resolve) => {
        const page = performance.getEntriesByType("navigation")[0];
        const look = () => {
            const first = performance.getEntriesByName("first-contentful-paint")[0];
            if (first)
                resolve({ answer: page.responseStart - page.requestStart, received: page.responseEnd - page.requestStart,
                    paint: first.startTime, bytes: page.decodedBodySize, elements: document.querySelectorAll("*").length });
            else
                requestAnimationFrame(look);
        };
        look();
    })`);
    await tab.screenshot(join(shots, "rack-10000.png"));
    await tab.close();
    return out;
}

const browser = await Browser.open();
const result = {};
for (const [name, path] of [["first page", "/"], ["middle page", "/?after=ai-05000"], ["lost nodes", "/?verdict=lost"], ["wall", "/?wall=1"]]) {
    const runs = [];
    for (let i = 0; i < RUNS; i++)
        runs.push(await paint(browser, path));
    result[name] = { answer_ms: median(runs.map((run) => run.answer)), received_ms: median(runs.map((run) => run.received)),
        first_paint_ms: median(runs.map((run) => run.paint)), bytes: runs[0].bytes, elements: runs[0].elements };
}
await browser.close();
console.log(JSON.stringify(result, (key, value) => typeof value === "number" ? Math.round(value * 10) / 10 : value, 4));
