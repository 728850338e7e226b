/** Reports that wait for a person: the worst finding of each, and the way to its page. */
import { h, signal, onEnd, effect } from "../reactive.js";
import { t } from "../i18n.js";
import { get } from "../api.js";
import { go } from "../router.js";
import { icon } from "../icons.js";
import { tenant, reviewCount } from "../parts/shell.js";
import { emptyState, problemNotice, skeleton, severityOf, second } from "../parts/ui.js";
import { keys } from "../keys.js";
import { age, quantity, date, dateTime } from "../format.js";

const ORDER = { critical: 0, major: 1, minor: 2, info: 3 };
const REFRESH = 15_000;

export function page({ slug }) {
    const items = signal(/** @type {any[] | null} */ (null));
    const waiting = signal(/** @type {any[]} */ ([]));
    const error = signal(/** @type {any} */ (null));

    async function load(quiet = false) {
        try {
            const answer = await get(`/${slug}/pireps?state=in-review&limit=100`, quiet ? { ask: false } : {});
            reviewCount.value = answer.items.length;
            error.value = null;
            const shown = new Set((items.peek() ?? []).map((each) => each.id));
            const fresh = answer.items.filter((each) => !shown.has(each.id));
            // Rows that are new wait for a click, so that nothing moves under a hand that is about to press.
            if (quiet && items.peek()?.length && fresh.length) waiting.value = answer.items;
            else items.value = answer.items;
        } catch (problem) {
            if (!quiet) error.value = problem;
        }
    }
    load();
    const timer = setInterval(() => { if (!document.hidden) load(true); }, REFRESH);
    onEnd(() => clearInterval(timer));
    effect(() => { document.title = [t("review.title"), tenant.value?.name].filter(Boolean).join(" · "); });

    let at = -1;
    const step = (by) => {
        const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".queue-item")]);
        if (!links.length) return;
        at = Math.max(0, Math.min(links.length - 1, (document.activeElement?.classList.contains("queue-item") ? links.indexOf(/** @type {any} */ (document.activeElement)) : at) + by));
        links[at].focus();
    };
    onEnd(keys({ j: () => step(1), k: () => step(-1) }));

    const item = (report) => {
        const findings = (report.findings ?? []).filter((each) => each.verdict === "violated" || each.verdict === "inconclusive");
        findings.sort((a, b) => (ORDER[a.severity] ?? 4) - (ORDER[b.severity] ?? 4) || (a.points ?? 0) - (b.points ?? 0));
        const worst = findings[0];
        const mark = worst ? severityOf(worst) : { tone: "info", icon: "info", word: "" };
        return h("li", {}, h("a", { class: "queue-item", href: `/${slug}/flights/${encodeURIComponent(report.flight_id)}`, dataset: { pirep: report.id } },
            h("span", { class: `tone-${mark.tone}`, title: mark.word }, icon(/** @type {any} */ (mark.icon))),
            h("span", { class: "line" }, h("strong", { class: "cut", dir: "auto" }, report.callsign || report.flight_number), h("span", { class: "nowrap" }, `${report.dep} → ${report.arr}`), h("span", { class: "muted cut", dir: "auto" }, report.pilot)),
            h("span", { class: "muted nowrap", title: dateTime(report.filed_at, true) }, () => { second.value; return Date.now() - Date.parse(report.filed_at) > 30 * 86_400_000 ? date(report.filed_at) : age((Date.now() - Date.parse(report.filed_at)) / 1000); }),
            h("span", {}),
            h("span", { class: "what cut", dir: "auto" }, worst ? `${worst.title || worst.rule}${worst.measured ? `: ${quantity(worst.measured)}` : ""}${worst.threshold ? `, ${t("flight.limit", { value: quantity(worst.threshold) })}` : ""}` : t("review.nothing")),
            h("span", { class: "nowrap muted" }, report.score === null || report.score === undefined ? "" : `${t("flight.score")} ${report.score}`)));
    };

    return h("div", { class: "page narrow wide-list" },
        h("h1", {}, t("review.title")),
        () => (items.value?.length ? h("p", { class: "muted" }, t("review.waiting", { n: items.value.length })) : null),
        () => (waiting.value.length ? h("div", {}, h("button", { class: "button", type: "button", onclick: () => { items.value = waiting.peek(); waiting.value = []; } },
            t("review.more", { n: Math.max(1, waiting.value.length - (items.peek()?.length ?? 0)) }))) : null),
        () => {
            if (error.value) return problemNotice(error.value, () => load());
            if (!items.value) return skeleton(5);
            if (!items.value.length) return emptyState("check", t("review.empty"), h("p", {}, t("review.emptyDetail")), h("button", { class: "button", type: "button", onclick: () => go(`/${slug}/flights`) }, t("nav.flights")));
            return h("ul", { class: "queue", "data-first": "" }, items.value.map(item));
        });
}
