// SPDX-License-Identifier: Apache-2.0
// Headless Chromium over its own debugging pipe: no library between the test and the browser.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];
const WAIT_MS = 30000; // the machine may be busy

function launch(program, profile) {
    return spawn(program, ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking", "--disable-sync",
        "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb", "--ignore-certificate-errors",
        `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
}

async function start(profile) {
    for (const program of PROGRAMS) {
        const child = launch(program, profile);
        const started = await new Promise((resolve) => {
            child.once("spawn", () => resolve(true));
            child.once("error", () => resolve(false));
        });
        if (started)
            return child;
    }
    throw new Error("no Chromium is installed (scripts/setup test brings it)");
}

export class Browser {
    static async open() {
        const browser = new Browser();
        browser.profile = mkdtempSync(join(tmpdir(), "roost-pages-"));
        browser.child = await start(browser.profile);
        browser.waiting = new Map();
        browser.listeners = new Set();
        browser.number = 0;
        let rest = "";
        browser.child.stdio[4].on("data", (data) => {
            const parts = (rest + data).split("\0");
            rest = parts.pop();
            for (const part of parts)
                browser.take(JSON.parse(part));
        });
        browser.child.once("exit", () => {
            for (const { reject } of browser.waiting.values())
                reject(new Error("Chromium has ended"));
        });
        return browser;
    }

    take(message) {
        const waiting = this.waiting.get(message.id);
        if (waiting) {
            this.waiting.delete(message.id);
            if (message.error)
                waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
            else
                waiting.resolve(message.result);
        } else {
            for (const listener of this.listeners)
                listener(message);
        }
    }

    send(method, params = {}, sessionId = undefined) {
        const id = ++this.number;
        this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
        return new Promise((resolve, reject) => this.waiting.set(id, { method, resolve, reject }));
    }

    // A tab of its own, with its own cookies.
    async tab({ width, height, mobile = false, script = true, dark = false, reduced = false, scale = 1 }) {
        const { browserContextId } = await this.send("Target.createBrowserContext");
        const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
        const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
        const tab = new Tab(this, sessionId, browserContextId);
        await tab.call("Page.enable");
        await tab.call("Runtime.enable");
        await tab.call("Log.enable");
        await tab.call("Network.enable");
        await tab.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile });
        await tab.call("Emulation.setScriptExecutionDisabled", { value: !script });
        await tab.call("Emulation.setEmulatedMedia", { features: [
            { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
            { name: "prefers-reduced-motion", value: reduced ? "reduce" : "no-preference" }] });
        return tab;
    }

    async close() {
        await this.send("Browser.close").catch(() => {});
        await new Promise((resolve) => this.child.exitCode === null ? this.child.once("exit", resolve) : resolve());
        rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
    }
}

class Tab {
    constructor(browser, session, context) {
        Object.assign(this, { browser, session, context, complaints: [], status: 0, loaded: 0 });
        browser.listeners.add(this.listener = (message) => {
            if (message.sessionId === session)
                this.note(message.method, message.params);
        });
    }

    note(method, params) {
        if (method === "Runtime.exceptionThrown")
            this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
        if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type))
            this.complaints.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
        if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level))
            this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
        if (method === "Network.responseReceived" && params.type === "Document")
            this.status = params.response.status;
        if (method === "Page.loadEventFired")
            this.loaded++;
    }

    call(method, params) {
        return this.browser.send(method, params, this.session);
    }

    async until(what, condition) {
        const end = Date.now() + WAIT_MS;
        while (!await condition()) {
            if (Date.now() > end)
                throw new Error(`waited ${WAIT_MS} ms for ${what}`);
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    }

    async go(url) {
        const before = this.loaded;
        const { errorText } = await this.call("Page.navigate", { url });
        if (errorText)
            throw new Error(`${url}: ${errorText}`);
        await this.until(`${url} to load`, () => this.loaded > before);
        return this.status;
    }

    // What a click leads to.
    async follow(action) {
        const before = this.loaded;
        await action();
        await this.until("the next page", () => this.loaded > before);
        return this.status;
    }

    async value(expression) {
        const { result, exceptionDetails } = await this.call("Runtime.evaluate",
            { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails)
            throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
    }

    // Text without running a script in the page.
    async html() {
        const { root } = await this.call("DOM.getDocument", { depth: 0 });
        return (await this.call("DOM.getOuterHTML", { nodeId: root.nodeId })).outerHTML;
    }

    async click(selector) {
        const { root } = await this.call("DOM.getDocument", { depth: 0 });
        const { nodeId } = await this.call("DOM.querySelector", { nodeId: root.nodeId, selector });
        if (!nodeId)
            throw new Error(`there is no ${selector}`);
        await this.call("DOM.scrollIntoViewIfNeeded", { nodeId });
        const { model } = await this.call("DOM.getBoxModel", { nodeId });
        const [x1, y1, , , x2, y2] = model.border;
        const at = { x: (x1 + x2) / 2, y: (y1 + y2) / 2, button: "left", clickCount: 1 };
        await this.call("Input.dispatchMouseEvent", { type: "mousePressed", ...at });
        await this.call("Input.dispatchMouseEvent", { type: "mouseReleased", ...at });
    }

    async type(selector, text) {
        const { root } = await this.call("DOM.getDocument", { depth: 0 });
        const { nodeId } = await this.call("DOM.querySelector", { nodeId: root.nodeId, selector });
        await this.call("DOM.focus", { nodeId });
        await this.call("Input.insertText", { text });
    }

    async signIn(base, token) {
        await this.call("Network.setCookie", { url: base, name: "roost_session", value: token, secure: true, httpOnly: true,
            sameSite: "Strict" });
    }

    async screenshot(path, { full = false } = {}) {
        const { data } = await this.call("Page.captureScreenshot", { format: "png", captureBeyondViewport: full });
        writeFileSync(path, Buffer.from(data, "base64"));
    }

    async close() {
        this.browser.listeners.delete(this.listener);
        await this.browser.send("Target.disposeBrowserContext", { browserContextId: this.context });
    }
}
