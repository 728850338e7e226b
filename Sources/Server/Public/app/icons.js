/** Own drawings on a 20 px grid. An icon is decoration; the words stand beside it or in a label. */
import { h } from "./reactive.js";

const PATHS = {
    bird: "M1.5 11.5c3.6-.6 5.6-3.2 8.5-3.2s4.9 2.6 8.5 3.2c-3 .8-5.3.2-7.2-.5L10 15l-1.3-4c-1.9.7-4.2 1.3-7.2.5z",
    plane: "M10 2.2c.8 0 1.2 1 1.2 2.2v3.2l6.3 3.8v1.8l-6.3-1.9v3.4l2 1.5v1.4L10 16.7l-3.2.9v-1.4l2-1.5v-3.4l-6.3 1.9v-1.8l6.3-3.8V4.4c0-1.2.4-2.2 1.2-2.2z",
    list: "M3 5h14M3 10h14M3 15h14",
    check: "M4 10.5l4 4 8-9",
    flag: "M5 18V3m0 1h10l-2 3.5 2 3.5H5",
    user: "M10 10a3.5 3.5 0 100-7 3.5 3.5 0 000 7zm-6.5 7.5c.6-3.6 3-5.5 6.5-5.5s5.9 1.9 6.5 5.5",
    key: "M12.500 11.500a4 4 0 10-3.900-3.100L3 14v3h3v-2h2v-2l1.600-1.600c.8.200 1.900.200 2.900.100zM13.500 7.500h.01",
    copy: "M7 7h9v10H7zM4 13V3h9",
    more: "M4.6 11.3a1.3 1.3 0 110-2.6 1.3 1.3 0 010 2.6zM10 11.3a1.3 1.3 0 110-2.6 1.3 1.3 0 010 2.6zM15.4 11.3a1.3 1.3 0 110-2.6 1.3 1.3 0 010 2.6z",
    menu: "M3 6h14M3 10h14M3 14h14",
    search: "M9 15A6 6 0 109 3a6 6 0 000 12zm4.5-1.500L17 17",
    close: "M5 5l10 10M15 5L5 15",
    plus: "M10 4v12M4 10h12",
    minus: "M4 10h12",
    globe: "M10 17.500a7.5 7.5 0 100-15 7.5 7.5 0 000 15zM2.5 10h15M10 2.500c4.5 4.5 4.5 10.5 0 15M10 2.500c-4.5 4.5-4.5 10.5 0 15",
    world: "M3 7V3h4M17 7V3h-4M3 13v4h4M17 13v4h-4",
    follow: "M10 14.500a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10 2v3.500M10 14.500V18M2 10h3.500M14.5 10H18",
    share: "M8 12l4-4M7 9L5.200 10.800a3.200 3.200 0 004.5 4.500L11.5 13.500M8.5 6.500l1.800-1.800a3.200 3.200 0 014.5 4.500L13 11",
    trail: "M3 16c3 0 3-3 6-4s3-4 8-8",
    label: "M3 8V3h5l9 9-5 5-9-9zM6.5 6.500h.01",
    right: "M8 5l5 5-5 5",
    left: "M12 5l-5 5 5 5",
    down: "M5 8l5 5 5-5",
    download: "M10 3v9m-4-3.500l4 4 4-4M4 16.500h12",
    moon: "M16.5 12A7 7 0 018 3.500a7 7 0 108.5 8.500z",
    pause: "M7 4v12M13 4v12",
    fit: "M3 10h14M6 7l-3 3 3 3M14 7l3 3-3 3",
    external: "M8 4H4v12h12v-4M11 3h6v6M17 3l-8 8",
    warn: "M10 3l7.5 13.500h-15L10 3zm0 5v4m0 2.200v.01",
    dot: "M10 13.500a3.5 3.5 0 100-7 3.5 3.5 0 000 7z",
    diamond: "M10 3l7 7-7 7-7-7 7-7z",
    question: "M7.200 7.500a2.800 2.800 0 115 1.700c-1 1.100-2.200 1.300-2.200 3M10 15.500v.01",
    info: "M10 17a7 7 0 100-14 7 7 0 000 14zm0-8v5m0-7.500v.01",
};
/** Severity is told by shape first: ● minor, ▲ major, ◆ critical, ○ note, ? not judged. */
const SOLID = new Set(["bird", "plane", "more", "dot"]);

/** @param {keyof typeof PATHS} name */
export function icon(name) {
    return h("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" },
        h("path", { d: PATHS[name], ...(SOLID.has(name) ? { fill: "currentColor", stroke: "none" } : {}) }));
}
