// SPDX-License-Identifier: Apache-2.0
// Makes one tree of elements like another and touches only what differs: focus, scrolling and open details stay.

// What the reader has changed is theirs.
const KEPT = new Map([["DETAILS", ["open"]], ["INPUT", ["value", "checked"]], ["P", ["hidden"]], ["TR", ["hidden"]]]);

function sameKind(a, b) {
    return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? "") === (b.id ?? "");
}

function attributes(from, to) {
    const kept = KEPT.get(from.nodeName) ?? [];
    for (const { name, value } of to.attributes)
        if (from.getAttribute(name) !== value && !kept.includes(name))
            from.setAttribute(name, value);
    for (const { name } of [...from.attributes])
        if (!to.hasAttribute(name) && !kept.includes(name))
            from.removeAttribute(name);
}

function children(from, to) {
    const byId = new Map();
    for (const child of from.children)
        if (child.id)
            byId.set(child.id, child);
    let at = from.firstChild;
    for (const wanted of [...to.childNodes]) {
        const known = wanted.id ? byId.get(wanted.id) : undefined;
        if (known && known !== at) {
            from.insertBefore(known, at);
            at = known;
        }
        if (at && sameKind(at, wanted)) {
            morph(at, wanted);
            at = at.nextSibling;
        } else {
            from.insertBefore(document.importNode(wanted, true), at);
        }
    }
    while (at) {
        const next = at.nextSibling;
        at.remove();
        at = next;
    }
}

export function morph(from, to) {
    if (from.nodeType === Node.ELEMENT_NODE) {
        if (from.isEqualNode(to) || from.dataset?.log !== undefined) // a log that grows by itself
            return;
        attributes(from, to);
        children(from, to);
    } else if (from.nodeValue !== to.nodeValue) {
        from.nodeValue = to.nodeValue;
    }
}
