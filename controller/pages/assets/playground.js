// SPDX-License-Identifier: Apache-2.0
// The answer as it comes: the form is asked of the gateway's own address on this host, and what it streams is put down as text.

const form = document.getElementById("ask");
const stop = document.getElementById("stop");
const section = document.getElementById("answer");
const text = document.getElementById("answer-text");
const facts = document.getElementById("answer-facts");
const trouble = document.getElementById("answer-trouble");
let asking = null;

function fail(message) {
    if (text.textContent === "") {
        text.hidden = true;
        facts.textContent = "";
    }
    trouble.hidden = false;
    trouble.querySelector("span").textContent = message;
}

function body() {
    return JSON.stringify({
        model: form.elements.model.value,
        messages: [{ role: "user", content: form.elements.prompt.value }],
        max_tokens: Number(form.elements.max_tokens.value) || 256,
        stream: true,
        stream_options: { include_usage: true },
    });
}

// "data: {...}" lines; the rest of a line that is not whole yet is given back.
function take(lines, begun, seen) {
    for (const line of lines) {
        if (!line.startsWith("data:") || line.includes("[DONE]"))
            continue;
        const part = JSON.parse(line.slice(5));
        if (part.error)
            fail(part.error.message ?? "the engine broke off");
        const delta = part.choices?.[0]?.delta?.content;
        if (delta) {
            seen.first ??= performance.now();
            text.append(delta);
        }
        if (part.usage)
            seen.usage = part.usage;
    }
    const seconds = (performance.now() - begun) / 1000;
    const out = seen.usage?.completion_tokens;
    const decode = seen.first && out > 1 ? (out - 1) / ((performance.now() - seen.first) / 1000) : 0;
    facts.textContent = out
        ? `${seen.usage.prompt_tokens} tokens in, ${out} out, ${seconds.toFixed(2)} s${decode ? `, ${decode.toFixed(1)} t/s` : ""}`
        : `${seconds.toFixed(1)} s`;
}

async function read(answer, begun) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const seen = {};
    let rest = "";
    for (;;) {
        const { value, done } = await reader.read();
        if (done)
            return;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        take(lines, begun, seen);
    }
}

async function ask() {
    const begun = performance.now();
    asking = new AbortController();
    section.hidden = text.hidden = stop.hidden = false;
    trouble.hidden = true;
    text.textContent = "";
    facts.textContent = "waiting";
    try {
        const answer = await fetch("/v1/chat/completions",
            { method: "POST", headers: { "Content-Type": "application/json" }, body: body(), signal: asking.signal });
        if (answer.status === 401) {
            location.reload();
            return;
        }
        if (answer.ok)
            await read(answer, begun);
        else
            fail((await answer.json()).error?.message ?? `the gateway answered ${answer.status}`);
    } catch (error) {
        fail(error.name === "AbortError" ? "stopped" : "the connection broke");
    } finally {
        asking = null;
        stop.hidden = true;
    }
}

if (form) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (asking === null)
            ask();
    });
    stop.addEventListener("click", () => asking?.abort());
}
