// SPDX-License-Identifier: Apache-2.0
// Ages that go on: every <time data-age> says how long ago, by the controller's clock. The words are those of page_age_text.

let offset = 0; // what the browser's clock is ahead of the controller's, in ms

export function clockFrom(body) {
    const now = Date.parse(body.dataset.now);
    if (!Number.isNaN(now))
        offset = Date.now() - now;
}

export function ageText(at) {
    let seconds = Math.trunc((Date.now() - offset - at) / 1000);
    const ahead = seconds < 0;
    seconds = Math.abs(seconds);
    if (seconds < 2 && !ahead)
        return "just now";
    const amount = seconds < 120 ? `${seconds} s`
        : seconds < 7200 ? `${Math.trunc(seconds / 60)} min`
        : seconds < 172800 ? `${Math.trunc(seconds / 3600)} h`
        : `${Math.trunc(seconds / 86400)} d`;
    return ahead ? `in ${amount}` : `${amount} ago`;
}

export function tick() {
    for (const time of document.querySelectorAll("time[data-age]")) {
        const text = ageText(Date.parse(time.dateTime));
        if (time.firstChild === null || time.firstChild.data !== text)
            time.textContent = text;
    }
}

export function startAges() {
    clockFrom(document.body);
    setInterval(() => { if (!document.hidden) tick(); }, 1000);
}
