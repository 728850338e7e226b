/** Header, bottom bar, menu, and the bars that tell about the connection. */
import { h, signal, effect } from "../reactive.js";
import { icon } from "../icons.js";
import { t, currentLanguage } from "../i18n.js";
import * as api from "../api.js";
import { location_, go } from "../router.js";
import { keys, shortcutsOn, setShortcuts } from "../keys.js";
import { clock, iconButton, openDialog } from "./ui.js";
import { time } from "../format.js";

const THEME = "albatross.theme";
const media = window.matchMedia("(prefers-color-scheme: light)");
export const themeChoice = signal(stored(THEME) ?? "system");
/** "dark" or "light", as shown. */
export const theme = signal("dark");

function stored(key) {
    try { return localStorage.getItem(key); } catch { return null; }
}
export function store(key, value) {
    try { localStorage.setItem(key, value); } catch { /* lasts as long as the page then */ }
}

export function startTheme() {
    const apply = () => {
        const choice = themeChoice.value;
        theme.value = choice === "system" ? (media.matches ? "light" : "dark") : choice;
        document.documentElement.dataset.theme = theme.peek();
    };
    effect(apply);
    media.addEventListener("change", apply);
}

/** What the shell knows about the tenant in the address. */
export const tenant = signal(/** @type {{slug: string, name: string} | null} */ (null));
/** The stream of that tenant, when a page opened one. */
export const stream = signal(/** @type {import("../stream.js").Stream | null} */ (null));
export const reviewCount = signal(0);

function links() {
    const slug = tenant.value?.slug;
    if (!slug) return [];
    const all = [{ to: `/${slug}/live`, icon: "plane", name: t("nav.live") }];
    if (api.signedInTo(slug)) all.push({ to: `/${slug}/flights`, icon: "list", name: t("nav.flights") });
    if (api.signedInTo(slug)) all.push({ to: `/${slug}/me/trackers`, icon: "key", name: t("nav.trackers") });
    if (api.isStaff(slug)) all.push({ to: `/${slug}/review`, icon: "flag", name: t("nav.review"), count: true });
    return all;
}

function navLink(link) {
    return h("a", {
        href: link.to,
        "aria-current": () => (location_.value.path === link.to || location_.value.path.startsWith(link.to + "/") ? "page" : null),
    }, h("span", { class: "nav-icon" }, icon(link.icon)), h("span", {}, link.name),
    link.count ? () => (reviewCount.value ? h("span", { class: "count" }, reviewCount.value > 99 ? "99+" : reviewCount.value) : null) : null);
}

const signInPath = () => `/login?${new URLSearchParams({ ...(tenant.value ? { airline: tenant.value.slug } : {}), to: location_.value.path })}`;

export function shell(main) {
    const open = signal(false);
    const toggle = (event) => { event.stopPropagation(); open.value = !open.value; };
    document.addEventListener("click", (event) => {
        if (open.peek() && !(/** @type {Element} */ (event.target).closest?.(".menu-panel"))) open.value = false;
    });
    let endMenuKeys = /** @type {any} */ (null);
    const menuKeys = { Escape: () => { open.value = false; } };
    effect(() => { if (open.value) endMenuKeys = keys(menuKeys); else { endMenuKeys?.(); endMenuKeys = null; } });

    keys({
        "?": () => shortcuts(),
        "/": () => /** @type {HTMLElement|null} */ (document.querySelector("[data-search]"))?.focus(),
        "g l": () => tenant.peek() && go(`/${tenant.peek()?.slug}/live`),
        "g f": () => tenant.peek() && api.user.peek() && go(`/${tenant.peek()?.slug}/flights`),
        "g r": () => tenant.peek() && api.user.peek() && go(`/${tenant.peek()?.slug}/review`),
    });

    return [
        h("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); /** @type {HTMLElement|null} */ (document.querySelector("[data-first]") ?? main)?.focus(); } },
            () => (location_.value.path.includes("/live") ? t("app.skip") : t("app.skipContent"))),
        h("header", { class: "header" },
            h("a", { class: "brand", href: () => (tenant.value ? `/${tenant.value.slug}/live` : "/") }, icon("bird"),
                h("span", { class: "cut", dir: "auto" }, () => tenant.value?.name ?? t("app.name"))),
            h("nav", { class: "nav", "aria-label": t("app.menu") }, () => links().map(navLink)),
            h("span", { class: "spacer" }),
            () => (stream.value ? connection(stream.value) : null),
            clock(() => stream.peek()?.now() ?? Date.now()),
            () => (api.user.value ? null : location_.value.path === "/login" ? null
                : h("a", { class: "button wide", href: signInPath }, t("nav.signIn"))),
            h("div", { class: "menu" },
                iconButton({ icon: "menu", label: t("app.menu"), onclick: toggle, class: "quiet wide" }),
                () => (open.value ? menu(() => { open.value = false; }) : null))),
        h("div", { class: "bars" }, () => bars()),
        main,
        h("nav", { class: "bottom", "aria-label": t("app.menu") },
            () => links().map(navLink),
            () => (api.user.value ? null : h("a", { href: signInPath }, icon("user"), h("span", {}, t("nav.signIn")))),
            h("button", { type: "button", onclick: toggle, "aria-expanded": () => String(open.value) }, icon("more"), h("span", {}, t("app.more")))),
    ];
}

function connection(current) {
    return h("span", { class: "connection", dataset: { state: "" }, "data-state": () => current.state.value, role: "status", title: () => t(`connection.${current.state.value}`) },
        h("span", { class: "dot" }), h("span", { class: "word" }, () => t(`connection.${current.state.value}`)));
}

const backUntil = signal(0);
let wasLost = false;

function bars() {
    const out = [];
    const current = stream.value;
    if (current) {
        const state = current.state.value;
        if (state === "lost") {
            wasLost = true;
            out.push(h("div", { class: "bar lost", role: "alert" }, icon("warn"),
                t("bar.lost", { time: time(new Date((current.since.value?.getTime() ?? Date.now()) + current.offset).toISOString(), true) })));
        } else if (state === "live" && wasLost) {
            wasLost = false;
            backUntil.value = Date.now() + 2000;
            setTimeout(() => { backUntil.value = 0; }, 2000);
        } else if (state === "slow") out.push(h("div", { class: "bar", role: "status" }, t("bar.slow")));
        if (backUntil.value > Date.now()) out.push(h("div", { class: "bar back", role: "status" }, icon("check"), t("bar.back")));
        if (current.tooSlow.value) out.push(h("div", { class: "bar", role: "status" }, t("bar.tooSlow")));
    } else wasLost = false;
    if (api.outdated.value) {
        out.push(h("div", { class: "bar", role: "status" }, t("app.newVersion"),
            h("button", { class: "button", type: "button", onclick: () => window.location.reload() }, t("app.reload"))));
    }
    return out;
}

function segments(label, options, chosen, choose) {
    return h("fieldset", {}, h("legend", {}, label),
        h("div", { class: "segments" }, options.map(([value, name]) =>
            h("button", { type: "button", "aria-pressed": () => String(chosen() === value), onclick: () => choose(value) }, name))));
}

function menu(close) {
    const person = api.user.value;
    return h("div", { class: "menu-panel", onclick: (event) => event.stopPropagation() },
        person ? h("div", {}, h("div", { class: "cut", dir: "auto" }, h("strong", {}, person.name)), h("div", { class: "muted" }, person.ident)) : null,
        segments(t("theme.title"), [["system", t("theme.system")], ["dark", t("theme.dark")], ["light", t("theme.light")]],
            () => themeChoice.value, (value) => { themeChoice.value = value; store(THEME, value); }),
        segments(t("language.title"), [["en", "English"], ["de", "Deutsch"]], currentLanguage, (value) => {
            store("albatross.language", value);
            window.location.reload();
        }),
        h("div", { class: "menu-list" },
            h("a", { class: "button quiet", href: "/?all", onclick: close }, t("nav.airlines")),
            h("button", { class: "button quiet", type: "button", onclick: () => { close(); shortcuts(); } }, t("keys.title")),
            h("button", { class: "button quiet", type: "button", onclick: () => { close(); about(); } }, t("about.title")),
            person ? h("button", { class: "button quiet", type: "button", onclick: async () => {
                close();
                await api.signOut();
                go(tenant.peek() ? `/${tenant.peek()?.slug}/live` : "/");
            } }, t("nav.signOut")) : h("a", { class: "button quiet", href: signInPath, onclick: close }, t("nav.signIn"))));
}

function about() {
    const at = document.querySelector('meta[name="albatross-static"]')?.getAttribute("content") ?? "/static";
    const files = ["maplibre-gl-js", "uplot", "natural-earth", "airportsdata"];
    const dialog = openDialog(t("about.title"), h("div", { class: "stack" },
        h("h1", {}, t("app.name")), h("p", {}, t("about.text")),
        h("p", {}, t("about.licences"), ": ", files.map((file, i) => [i ? ", " : "", h("a", { href: `${at}/vendor/LICENSES/${file}.txt`, target: "_blank", rel: "noopener" }, file)])),
        h("div", { class: "actions" }, h("button", { class: "button primary", type: "button", onclick: () => dialog.close() }, t("app.close")))));
}

/** @type {Array<[string, string[][]]>} */
const KEYS = [
    ["keys.all", [["/", "key.search"], ["?", "key.help"], ["g l", "key.goLive"], ["g f", "key.goFlights"], ["g r", "key.goReview"], ["Esc", "key.close"]]],
    ["keys.live", [["j k", "key.next"], ["Enter", "key.select"], ["f", "key.follow"], ["t", "key.trails"], ["l", "key.labels"], ["o", "key.globe"], ["0", "key.world"]]],
    ["keys.flight", [["← →", "key.sample"], ["n p", "key.finding"], ["z", "key.whole"]]],
];

function shortcuts() {
    const dialog = openDialog(t("keys.title"), h("div", { class: "stack" },
        h("h1", {}, t("keys.title")),
        h("dl", { class: "keys" }, KEYS.map(([title, rows]) => [h("h3", {}, t(title)), rows.map(([combination, what]) =>
            [h("dt", {}, combination.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, t(what))])])),
        h("label", {}, h("input", { type: "checkbox", checked: shortcutsOn(), onchange: (event) => setShortcuts(event.target.checked) }), " ", t("keys.enabled")),
        h("div", { class: "actions" }, h("button", { class: "button primary", type: "button", onclick: () => dialog.close() }, t("app.close")))));
}
