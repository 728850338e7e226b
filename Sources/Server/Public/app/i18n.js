/** Words by flat key, with `{name}` arguments and plural forms `{"one": …, "other": …}`. They are data: `i18n/*.json`. */

/** @type {Record<string, any>} */
let words = {};
let language = "en";

const load = (name) => fetch(new URL(`../i18n/${name}.json`, import.meta.url)).then((answer) => answer.json());

export async function chooseLanguage() {
    let wanted = "";
    try { wanted = localStorage.getItem("albatross.language") || ""; } catch { /* storage may be off */ }
    language = (wanted || navigator.language).startsWith("de") ? "de" : "en";
    // English stands in for what a translation does not have yet.
    const [english, own] = await Promise.all([load("en"), language === "en" ? {} : load(language).catch(() => ({}))]);
    words = { ...english, ...own };
    document.documentElement.lang = language;
}

/** @param {string} key @param {Record<string, any>} [args] */
export function t(key, args) {
    let text = words[key] ?? key;
    if (typeof text === "object") text = text[new Intl.PluralRules(language).select(args?.n ?? 0)] ?? text.other;
    return args ? text.replace(/\{(\w+)\}/g, (/** @type {string} */ all, /** @type {string} */ name) => (name in args ? String(args[name]) : all)) : text;
}

export const currentLanguage = () => language;
