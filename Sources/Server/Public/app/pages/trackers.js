/** A pilot's trackers: what to paste into each, keys for them, and whether a call has come. */
import { h, signal, effect, onEnd } from "../reactive.js";
import { t } from "../i18n.js";
import { get, post, call } from "../api.js";
import { icon } from "../icons.js";
import { note } from "../router.js";
import { tenant } from "../parts/shell.js";
import { problemNotice, skeleton, second, openDialog, toast } from "../parts/ui.js";
import { age, dateTime } from "../format.js";

const REFRESH = 4_000;

/** Pages that did not come over TLS have no clipboard: then the text is selected and copied as a person would. */
async function copy(text, element) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        getSelection()?.selectAllChildren(element);
        document.execCommand("copy");
    }
    toast(t("trackers.copied"));
}

function download(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = h("a", { href: url, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function page({ slug }) {
    const answer = signal(/** @type {any} */ (null));
    const error = signal(/** @type {any} */ (null));
    const chosen = signal(new URLSearchParams(window.location.search).get("tracker") ?? "");
    /** Keys just made, by adapter: shown until the page is left. */
    const made = signal(/** @type {Record<string, any>} */ ({}));
    const busy = signal(false);
    const origin = `origin=${encodeURIComponent(window.location.origin)}`;

    async function load(quiet = false) {
        try {
            const fresh = await get(`/${slug}/me/trackers?${origin}`, quiet ? { ask: false } : {});
            // Nothing moves under a hand unless something was heard.
            if (JSON.stringify(fresh) !== JSON.stringify(answer.peek())) answer.value = fresh;
            if (!chosen.peek() && fresh.trackers.length) {
                const heard = [...fresh.trackers].sort((a, b) => (b.last_heard_at ?? "").localeCompare(a.last_heard_at ?? ""))[0];
                choose((heard.last_heard_at ? heard : fresh.trackers[0]).adapter);
            }
            error.value = null;
        } catch (problem) {
            if (!quiet) error.value = problem;
        }
    }
    load();
    const timer = setInterval(() => { if (!document.hidden && answer.peek()) load(true); }, REFRESH);
    onEnd(() => clearInterval(timer));
    effect(() => { document.title = [t("trackers.title"), tenant.value?.name].filter(Boolean).join(" · "); });

    function choose(adapter) {
        chosen.value = adapter;
        note(`${window.location.pathname}?tracker=${encodeURIComponent(adapter)}`);
    }

    async function makeKey(adapter) {
        busy.value = true;
        try {
            const key = await post(`/${slug}/me/trackers/keys?${origin}`, { adapter });
            made.value = { ...made.peek(), [adapter]: key };
            await load(true);
        } catch (problem) {
            error.value = problem;
        } finally {
            busy.value = false;
        }
    }

    function revoke(key) {
        const dialog = openDialog(t("trackers.revoke"), h("div", { class: "stack" },
            h("h1", {}, t("trackers.revokeTitle", { prefix: key.prefix })), h("p", {}, t("trackers.revokeText")),
            h("div", { class: "actions" },
                h("button", { class: "button", type: "button", onclick: () => dialog.close() }, t("app.cancel")),
                h("button", {
                    class: "button bad", type: "button", "data-confirm": "", onclick: async () => {
                        dialog.close();
                        try {
                            await call("DELETE", `/${slug}/me/trackers/keys/${encodeURIComponent(key.id)}`);
                            made.value = Object.fromEntries(Object.entries(made.peek()).filter(([, each]) => each.id !== key.id));
                            toast(t("trackers.revoked"));
                            await load(true);
                        } catch (problem) {
                            error.value = problem;
                        }
                    },
                }, t("trackers.revoke")))));
    }

    /** One value or file. What has a gap in it is not for copying. */
    function piece(each, whole) {
        const isFile = each.text.includes("\n") || each.text.startsWith("{") || each.text.length > 200;
        const name = each.title.includes(": ") ? each.title.split(": ") : null;
        const text = h(isFile ? "pre" : "code", { class: "piece-text", tabindex: isFile ? "0" : undefined, translate: "no", dir: "ltr" }, each.text);
        return h("div", { class: "piece", dataset: { file: isFile ? "" : undefined, piece: each.title } },
            h("div", { class: "piece-name" }, name ? [h("span", { class: "faint" }, `${name[0]} `), name[1]] : each.title),
            text,
            h("div", { class: "piece-actions" },
                h("button", { class: "button", type: "button", disabled: !whole || !each.text, "aria-label": t("trackers.copyWhat", { name: each.title }), onclick: () => copy(each.text, text) }, icon("copy"), t("trackers.copy")),
                isFile && whole ? h("button", { class: "button quiet", type: "button", onclick: () => download(each.title.includes(".") ? each.title : `${chosen.peek()}.json`, each.text) }, icon("download"), t("trackers.file")) : null));
    }

    function heardLine(tracker) {
        const at = tracker.last_heard_at;
        return h("div", { class: "heard", role: "status", dataset: { heard: at ? "yes" : "no" } },
            at ? icon("check") : h("span", { class: "pulse", "aria-hidden": "true" }),
            h("div", {},
                h("strong", {}, at ? t("trackers.heard", { name: tracker.title }) : t("trackers.listening")),
                h("div", { class: "muted", title: at ? dateTime(at, true) : "" }, () => {
                    second.value;
                    return at ? t("trackers.lastCall", { age: age(Math.max(0, (Date.now() - Date.parse(at)) / 1000)) }) : t("trackers.listeningDetail");
                })));
    }

    function step(number, title, ...content) {
        return h("section", { class: "card setup-step" }, h("h2", {}, h("span", { class: "step-number", "aria-hidden": "true" }, String(number)), title), content);
    }

    function details(tracker) {
        const key = made.value[tracker.adapter];
        const whole = tracker.key === "none" || !!key;
        const keyBox = tracker.key === "none" ? null : h("div", { class: "key-box", dataset: { made: key ? "yes" : "no" } },
            h("span", { class: key ? "tone-ok" : "tone-info" }, icon(key ? "check" : "key")),
            h("div", { class: "grow" },
                h("strong", {}, key ? t("trackers.keyMade") : t("trackers.keyNeeded")),
                h("p", { class: "muted" }, key ? t("trackers.keyOnce") : t(`trackers.keyWhy.${tracker.key}`))),
            key ? null : h("button", { class: "button primary", type: "button", "data-make-key": "", disabled: () => busy.value, onclick: () => makeKey(tracker.adapter) }, t("trackers.makeKey")));
        return [
            step(2, t("trackers.paste"),
                h("p", { class: "muted" }, t(`trackers.how.${tracker.adapter}`)), keyBox,
                h("div", { class: "pieces", dataset: { whole: whole ? "yes" : "no" } }, (key?.texts ?? tracker.texts).map((each) => piece(each, whole || !/…|API-KEY-OF-/.test(each.text))))),
            step(3, t("trackers.test"), heardLine(tracker)),
        ];
    }

    function keyRows(now) {
        return h("section", { class: "card setup-step" }, h("h2", {}, t("trackers.keys")),
            h("p", { class: "muted" }, now.keys.length ? t("trackers.keysText") : t("trackers.noKeys")),
            now.keys.length ? h("ul", { class: "key-list" }, now.keys.map((key) => h("li", { dataset: { key: key.id } },
                h("code", { class: "mono", translate: "no" }, `${key.prefix}…`), h("span", { class: "muted grow" }, t(`trackers.kind.${key.kind}`)),
                h("button", { class: "button bad", type: "button", "aria-label": t("trackers.revokeTitle", { prefix: key.prefix }), onclick: () => revoke(key) }, t("trackers.revoke"))))) : null);
    }

    return h("div", { class: "page setup" },
        h("div", {}, h("h1", {}, t("trackers.title")), h("p", { class: "muted" }, t("trackers.intro"))),
        () => {
            if (error.value) return problemNotice(error.value, () => load());
            const now = answer.value;
            if (!now) return skeleton(6);
            const tracker = now.trackers.find((each) => each.adapter === chosen.value) ?? now.trackers[0];
            return [
                step(1, t("trackers.which"), h("div", { class: "tracker-list", role: "group", "aria-label": t("trackers.which") }, now.trackers.map((each) => h("button", {
                    type: "button", class: "tracker", "aria-pressed": String(each === tracker), dataset: { adapter: each.adapter }, onclick: () => choose(each.adapter),
                }, h("span", {}, each.title), each.last_heard_at ? h("span", { class: "tone-ok tracker-heard", title: t("trackers.heard", { name: each.title }) }, icon("check")) : null)))),
                tracker ? details(tracker) : null,
                keyRows(now),
            ];
        });
}
