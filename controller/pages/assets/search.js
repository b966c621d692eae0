// SPDX-License-Identifier: Apache-2.0
// Facts are found by any part of their name or value; the words may stand in any order.

const box = document.getElementById("facts-search");
const found = document.getElementById("facts-found");

function search() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of document.querySelectorAll("#facts-table tr")) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        count += row.hidden ? 0 : 1;
    }
    found.textContent = words.length > 0 ? `${count} found` : "";
}

if (box) {
    box.closest("p").hidden = false;
    box.addEventListener("input", search);
    document.addEventListener("roost:refreshed", search);
}
