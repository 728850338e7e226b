/** Pages by path, on the History API. */
import { signal } from "./reactive.js";

export const location_ = signal(read());

function read() {
    return { path: window.location.pathname.replace(/\/+$/, "") || "/", query: new URLSearchParams(window.location.search) };
}

export function go(path, { replace = false } = {}) {
    if (path === window.location.pathname + window.location.search) return;
    history[replace ? "replaceState" : "pushState"](null, "", path);
    location_.value = read();
}

/** Changes what the address says without making it a page change: a view that was moved, a filter that was typed. */
export function note(path) {
    history.replaceState(null, "", path);
}

window.addEventListener("popstate", () => { location_.value = read(); });

// Plain links stay plain links; only a plain click on a page of ours is kept inside.
document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download") || !link.href) return;
    const url = new URL(link.href);
    if (url.origin !== window.location.origin || /^\/(v1|static)\//.test(url.pathname)) return;
    if (url.pathname === window.location.pathname && url.hash) return;
    event.preventDefault();
    go(url.pathname + url.search);
});
