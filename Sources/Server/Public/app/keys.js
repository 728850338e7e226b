/** Single-key shortcuts: dead in fields, off when the reader says so, never the only way. */
const STORE = "albatross.keys";

/** @type {Array<Record<string, (event: KeyboardEvent) => void>>} */
const layers = [];
let prefix = "";
let prefixAt = 0;

export function shortcutsOn() {
    try { return localStorage.getItem(STORE) !== "off"; } catch { return true; }
}
export function setShortcuts(on) {
    try { localStorage.setItem(STORE, on ? "on" : "off"); } catch { /* stays as it is */ }
}

/** Adds keys until the returned function is called; the last added layer is asked first. */
export function keys(map) {
    layers.push(map);
    return () => layers.splice(layers.indexOf(map), 1);
}

document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key !== "Escape" && !shortcutsOn()) return;
    const together = prefix && performance.now() - prefixAt < 1200 ? `${prefix} ${event.key}` : "";
    prefix = "";
    for (const layer of [...layers].reverse()) {
        const act = (together && layer[together]) || layer[event.key];
        if (!act) continue;
        event.preventDefault();
        act(event);
        return;
    }
    if (event.key === "g") {
        prefix = "g";
        prefixAt = performance.now();
    }
});
