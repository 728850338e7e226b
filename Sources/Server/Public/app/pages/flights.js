/** The flight log: newest first, narrowed by words and state, both kept in the address. */
import { h, signal, effect, untracked } from "../reactive.js";
import { t } from "../i18n.js";
import { get } from "../api.js";
import { location_, go, note } from "../router.js";
import { icon } from "../icons.js";
import { tenant } from "../parts/shell.js";
import { emptyState, problemNotice, skeleton, stateBadge } from "../parts/ui.js";
import { dateTime, duration, touchdown, DASH } from "../format.js";

const STATES = ["open", "paused", "filed", "in-review", "awaiting-pilot", "accepted", "rejected", "abandoned", "cancelled"];

export function page({ slug }) {
    const query = location_.peek().query;
    const words = signal(query.get("q") ?? "");
    const state = signal(query.get("state") ?? "");
    const items = signal(/** @type {any[] | null} */ (null));
    const cursor = signal(/** @type {string | null} */ (null));
    const error = signal(/** @type {any} */ (null));
    const busy = signal(false);
    let turn = 0;

    async function load(more = false) {
        const mine = ++turn;
        busy.value = true;
        error.value = null;
        const ask = new URLSearchParams({ limit: "50" });
        if (words.peek().trim()) ask.set("q", words.peek().trim());
        if (state.peek()) ask.set("state", state.peek());
        const address = new URLSearchParams(ask);
        address.delete("limit");
        note(window.location.pathname + (address.toString() ? `?${address}` : ""));
        if (more && cursor.peek()) ask.set("cursor", /** @type {string} */ (cursor.peek()));
        try {
            const answer = await get(`/${slug}/flights?${ask}`);
            if (mine !== turn) return;
            items.value = more ? [...(items.peek() ?? []), ...answer.items] : answer.items;
            cursor.value = answer.next_cursor;
        } catch (problem) {
            if (mine === turn) error.value = problem;
        } finally {
            if (mine === turn) busy.value = false;
        }
    }
    let typing;
    effect(() => { state.value; untracked(() => load()); });
    effect(() => { document.title = [t("flights.title"), tenant.value?.name].filter(Boolean).join(" · "); });

    const search = h("input", {
        class: "input", type: "search", "data-search": "", placeholder: t("flights.search"), "aria-label": t("flights.search"), value: words.peek(), autocomplete: "off", spellcheck: "false", maxlength: "60",
        oninput: (event) => { words.value = event.target.value; clearTimeout(typing); typing = setTimeout(() => load(), 250); },
    });
    const clear = () => { words.value = ""; /** @type {HTMLInputElement} */ (search).value = ""; if (state.peek()) state.value = ""; else load(); };
    const columns = [["flight"], ["pilot"], ["route"], ["aircraft"], ["out"], ["block", "number"], ["landing", "number"], ["score", "number"], ["state"]];

    const row = (flight) => {
        const to = `/${slug}/flights/${encodeURIComponent(flight.id)}`;
        return h("tr", { class: "link-row", onclick: (event) => { if (!event.defaultPrevented && !event.target.closest("a") && !getSelection()?.toString()) go(to); } },
            h("td", {}, h("a", { href: to, dir: "auto" }, flight.callsign || flight.flight_number || DASH)),
            h("td", { class: "second", dir: "auto", title: flight.pilot ?? "" }, flight.pilot_name || flight.pilot || DASH),
            h("td", {}, `${flight.dep || "????"} → ${flight.arr || "????"}`),
            h("td", { class: "second", dir: "auto" }, [flight.type, flight.reg].filter(Boolean).join(" ") || DASH),
            h("td", {}, dateTime(flight.out_at ?? flight.opened_at)),
            h("td", { class: "number second" }, duration(flight.block_min)),
            h("td", { class: "number second" }, touchdown(flight.landing_rate_fpm)),
            h("td", { class: "number second" }, flight.score ?? DASH),
            h("td", {}, stateBadge(flight.state), flight.reason && flight.state !== "accepted" ? h("span", { class: "muted second", dir: "auto" }, ` ${flight.reason}`) : null));
    };

    return h("div", { class: "page" },
        h("h1", {}, t("flights.title")),
        h("div", { class: "toolbar" },
            h("div", { class: "list-search" }, icon("search"), search),
            h("select", { class: "input", "aria-label": t("flights.state"), onchange: (event) => { state.value = event.target.value; } },
                h("option", { value: "" }, t("flights.allStates")),
                STATES.map((each) => h("option", { value: each, selected: each === state.peek() }, t(`state.${each}`))))),
        () => {
            if (error.value) return problemNotice(error.value, () => load());
            if (!items.value) return skeleton(8);
            if (items.value.length === 0) {
                return words.peek() || state.peek() ? emptyState("search", t("flights.empty"), h("button", { class: "button", type: "button", onclick: clear }, t("live.clear")))
                    : emptyState("plane", t("flights.none"), h("p", {}, t("flights.noneDetail")));
            }
            return h("div", { class: "table-box" }, h("table", { class: "cards-on-phone" },
                h("thead", {}, h("tr", {}, columns.map(([key, extra]) => h("th", { scope: "col", class: extra }, t(`flights.${key}`))))),
                h("tbody", { "data-first": "" }, items.value.map(row))));
        },
        () => (cursor.value && items.value?.length ? h("div", {}, h("button", { class: "button", type: "button", disabled: () => busy.value, onclick: () => load(true) }, t("flights.older"))) : null));
}
