/** Small parts that every page uses. */
import { h, signal, effect } from "../reactive.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { Problem } from "../api.js";
import { time } from "../format.js";

/** @param {{icon: any, label: string, onclick?: any, pressed?: () => boolean, class?: string}} options */
export function iconButton({ icon: name, label, onclick, pressed, class: extra = "" }) {
    return h("button", {
        type: "button", class: `button icon-button ${extra}`, "aria-label": label, title: label, onclick,
        "aria-pressed": pressed ? () => String(pressed()) : undefined,
    }, icon(name));
}

const STATE_TONE = { accepted: "ok", rejected: "critical", "in-review": "major", "awaiting-pilot": "minor", paused: "minor", filed: "info", open: "info" };
const STATE_ICON = { accepted: "check", rejected: "close", "in-review": "warn", "awaiting-pilot": "question", paused: "pause", open: "plane", filed: "dot" };

export function stateBadge(state) {
    return h("span", { class: "badge", dataset: { tone: STATE_TONE[state] ?? "" } }, STATE_ICON[state] ? icon(STATE_ICON[state]) : null, t(`state.${state}`));
}

/** Shape, word and colour of a finding. */
export function severityOf(finding) {
    if (finding.verdict === "inconclusive") return { tone: "unknown", icon: "question", word: t("severity.unknown") };
    const severity = finding.severity ?? "info";
    const known = { critical: ["critical", "diamond"], major: ["major", "warn"], minor: ["minor", "dot"], info: ["info", "info"] }[severity] ?? ["info", "info"];
    return { tone: known[0], icon: known[1], word: t(`severity.${severity}`) };
}

/** What went wrong, what to do, and the number that the people who run the server need. */
export function problemNotice(error, again) {
    const problem = error instanceof Problem ? error : null;
    if (!problem) console.warn(error);
    const gone = problem && (problem.status === 403 || problem.status === 404);
    const offline = problem?.status === 0;
    const title = gone ? t("error.notFound") : offline ? t("error.offline") : problem?.message ?? String(error);
    const detail = gone ? t("error.notFoundDetail") : offline ? t("error.offlineDetail") : problem?.detail ?? "";
    const left = signal(problem && [429, 503].includes(problem.status) ? problem.retryAfter : 0);
    if (left.peek()) {
        const timer = setInterval(() => { left.value -= 1; if (left.peek() <= 0) clearInterval(timer); }, 1000);
    }
    return h("div", { class: "notice error", role: "alert" },
        h("h2", {}, title), detail ? h("p", { class: "muted" }, detail) : null,
        again && !gone ? h("button", { class: "button", type: "button", onclick: again, disabled: () => left.value > 0 },
            () => (left.value > 0 ? t("error.wait", { n: left.value }) : t("app.tryAgain"))) : null,
        problem?.request ? h("p", { class: "faint mono" }, t("error.request", { id: problem.request })) : null);
}

export function emptyState(iconName, title, ...more) {
    return h("div", { class: "empty" }, icon(iconName), h("strong", {}, title), more);
}

/** Loading shapes come only after 150 ms; a fast answer should not flash. */
export function skeleton(rows = 6) {
    const shown = signal(false);
    setTimeout(() => { shown.value = true; }, 150);
    return h("div", { class: "stack", "aria-busy": "true", role: "status" }, h("span", { class: "visually-hidden" }, t("app.loading")),
        () => (shown.value ? Array.from({ length: rows }, (_, i) => h("div", { class: "skeleton", style: { width: `${92 - (i * 13) % 40}%` } })) : null));
}

let toastTimer;
export function toast(text) {
    document.querySelector(".toast")?.remove();
    clearTimeout(toastTimer);
    const element = h("div", { class: "toast", role: "status" }, text);
    document.body.append(element);
    toastTimer = setTimeout(() => element.remove(), 3000);
}

/** A `<dialog>` that goes away with its closing and gives the focus back. */
export function openDialog(title, content) {
    const before = document.activeElement;
    const dialog = h("dialog", { "aria-label": title }, content);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
        dialog.remove();
        if (before instanceof HTMLElement && before.isConnected) before.focus();
    });
    /** @type {HTMLDialogElement} */ (dialog).showModal();
    return /** @type {HTMLDialogElement} */ (dialog);
}

/** One clock for everything that shows an age or the time. */
export const second = signal(Date.now());
setInterval(() => { if (!document.hidden) second.value = Date.now(); }, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) second.value = Date.now(); });

export function clock(now) {
    const element = h("time", { class: "clock", title: t("app.utc") });
    effect(() => {
        second.value;
        const text = time(new Date(now()).toISOString(), true);
        element.textContent = text.slice(0, -1);
        element.append(h("small", {}, "Z"));
    });
    return element;
}

/** Makes an answer of the server a page's content: shape, error, or data. */
export function loaded(load, render) {
    const state = signal(/** @type {any} */ ({ loading: true }));
    const run = async () => {
        state.value = { loading: true };
        try { state.value = { value: await load() }; } catch (error) { state.value = { error }; }
    };
    run();
    return () => {
        const now = state.value;
        if (now.loading) return skeleton();
        if (now.error) return problemNotice(now.error, run);
        return render(now.value);
    };
}
