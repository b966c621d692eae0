// SPDX-License-Identifier: Apache-2.0
// The log of each replica as its lines come, while its part of the page is open.

const MOST = 400; // lines on the page
const following = new Map();

function add(list, line) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    if (line.at) {
        const time = document.createElement("time");
        time.dateTime = line.at;
        time.textContent = line.at.slice(11, 19);
        item.append(time, " ");
    }
    text.textContent = `${line.piece}: ${line.text}`;
    item.append(text);
    const box = list.parentElement;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    list.append(item);
    while (list.childElementCount > MOST)
        list.firstElementChild.remove();
    if (atEnd)
        box.scrollTop = box.scrollHeight;
}

function follow(details) {
    const list = details.querySelector("ol[data-log]");
    if (!list || following.has(list.id))
        return;
    let last = Number(list.dataset.last);
    const source = new EventSource(`${list.dataset.log}&after=${last}`);
    following.set(list.id, source);
    source.addEventListener("line", (event) => {
        const line = JSON.parse(event.data);
        if (line.number <= last)
            return;
        last = line.number;
        add(document.getElementById(list.id) ?? list, line);
    });
}

for (const details of document.querySelectorAll("details.live-log")) {
    if (details.open)
        follow(details);
    details.addEventListener("toggle", () => { if (details.open) follow(details); });
}
addEventListener("pagehide", () => following.forEach((source) => source.close()));
