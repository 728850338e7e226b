/** Words by flat key, with `{name}` arguments and plural forms `{"one": …, "other": …}`. */
import { en } from "../i18n/en.js";

let words = en;
let language = "en";

export async function chooseLanguage() {
    let wanted = "";
    try { wanted = localStorage.getItem("albatross.language") || ""; } catch { /* storage may be off */ }
    wanted ||= navigator.language.slice(0, 2);
    if (wanted !== "de") return;
    words = { ...en, ...(await import("../i18n/de.js")).de };
    language = "de";
    document.documentElement.lang = "de";
}

/** @param {string} key @param {Record<string, any>} [args] */
export function t(key, args) {
    let text = /** @type {any} */ (words)[key] ?? key;
    if (typeof text === "object") text = text[new Intl.PluralRules(language).select(args?.n ?? 0)] ?? text.other;
    return args ? text.replace(/\{(\w+)\}/g, (/** @type {string} */ all, /** @type {string} */ name) => (name in args ? String(args[name]) : all)) : text;
}

export const has = (key) => key in words;
export const currentLanguage = () => language;
