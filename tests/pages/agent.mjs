// SPDX-License-Identifier: Apache-2.0
// As much of an agent as the dashboard's test needs: joins with a key of its own and reports over mutual TLS.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function ask(base, path, { method = "GET", token, body, certificate, key } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { ...(token && { Authorization: `Bearer ${token}` }),
        ...(text !== undefined && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }) };
    return new Promise((resolve, reject) => {
        const request = https.request(base + path, { method, headers, cert: certificate, key, rejectUnauthorized: false },
            (answer) => {
                let data = "";
                answer.on("data", (part) => { data += part; });
                answer.on("end", () => answer.statusCode < 300 ? resolve(JSON.parse(data))
                    : reject(new Error(`${method} ${path}: ${answer.statusCode} ${data}`)));
            });
        request.on("error", reject);
        request.end(text);
    });
}

export class Agent {
    static async join(base, token, name) {
        const agent = Object.assign(new Agent(), { base, name, sequence: 0 });
        const folder = mkdtempSync(join(tmpdir(), "roost-pages-"));
        const keyPath = join(folder, "key"), requestPath = join(folder, "request");
        execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", keyPath],
            { stdio: "ignore" });
        execFileSync("openssl", ["req", "-new", "-key", keyPath, "-subj", `/CN=${name}`, "-out", requestPath], { stdio: "ignore" });
        agent.key = readFileSync(keyPath, "utf8");
        const made = await ask(base, "/api/v1/join-tokens", { method: "POST", token, body: { name } });
        const [, , id, secret] = made.join.split("@")[0].split(":");
        const joined = await ask(base, "/join/v1/join", { method: "POST",
            body: { token: id, secret, name, request: readFileSync(requestPath, "utf8"), agent: "0.4.0" } });
        agent.certificate = joined.certificate;
        rmSync(folder, { recursive: true });
        return agent;
    }

    report(...reports) {
        const numbered = reports.map(([kind, body]) => ({ sequence: ++this.sequence, at_us: Date.now() * 1000, kind, body }));
        return ask(this.base, "/agent/v1/reports", { method: "POST", body: { reports: numbered }, certificate: this.certificate,
            key: this.key });
    }
}
