/** Sign-in: as a page, and as a dialog over a page whose session ended. */
import { h, signal } from "../reactive.js";
import { t } from "../i18n.js";
import { get, signIn, Problem } from "../api.js";
import { go, location_ } from "../router.js";
import { icon } from "../icons.js";
import { openDialog } from "../parts/ui.js";

function form(slug, done) {
    const error = signal("");
    const busy = signal(false);
    const wait = signal(0);
    const shown = signal(false);
    const airlines = signal(/** @type {any[]} */ ([]));
    get("/tenants", { ask: false }).then((answer) => { airlines.value = answer.items; if (!airline.value && answer.items.length === 1) airline.value = answer.items[0].slug; }).catch(() => {});
    const airline = /** @type {HTMLInputElement} */ (h("input", { class: "input", id: "airline", name: "organization", list: "airlines", autocomplete: "organization", autocapitalize: "none", spellcheck: "false", required: true, value: slug ?? "" }));
    const who = /** @type {HTMLInputElement} */ (h("input", { class: "input", id: "who", name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true }));
    const password = /** @type {HTMLInputElement} */ (h("input", { class: "input", id: "password", name: "password", type: () => (shown.value ? "text" : "password"), autocomplete: "current-password", required: true }));

    const submit = async (event) => {
        event.preventDefault();
        if (busy.peek() || wait.peek()) return;
        busy.value = true;
        error.value = "";
        try {
            await signIn(airline.value.trim().toLowerCase(), who.value.trim(), password.value);
            done(airline.value.trim().toLowerCase());
        } catch (problem) {
            if (problem instanceof Problem && problem.status === 429) {
                wait.value = problem.retryAfter || 10;
                const timer = setInterval(() => { wait.value -= 1; if (wait.peek() <= 0) clearInterval(timer); }, 1000);
            } else if (problem instanceof Problem && problem.status === 401) error.value = t("login.wrong");
            else error.value = problem instanceof Problem && problem.status === 0 ? t("error.offline") : /** @type {Error} */ (problem).message;
            password.select();
        } finally {
            busy.value = false;
        }
    };
    queueMicrotask(() => (airline.value ? who : airline).focus());
    return h("form", { onsubmit: submit, class: "stack", method: "post" },
        h("div", { class: "field" }, h("label", { for: "airline" }, t("login.airline")), airline,
            h("datalist", { id: "airlines" }, () => airlines.value.map((each) => h("option", { value: each.slug }, each.name)))),
        h("div", { class: "field" }, h("label", { for: "who" }, t("login.who")), who),
        h("div", { class: "field" }, h("label", { for: "password" }, t("login.password")), password),
        h("label", { class: "muted" }, h("input", { type: "checkbox", onchange: (event) => { shown.value = event.target.checked; } }), " ", t("login.show")),
        h("div", { role: "alert" }, () => (wait.value > 0 ? h("p", { class: "inline-error" }, icon("warn"), t("login.throttled", { n: wait.value }))
            : error.value ? h("p", { class: "inline-error" }, icon("warn"), error.value) : null)),
        h("button", { class: "button primary", type: "submit", disabled: () => busy.value || wait.value > 0 }, () => (busy.value ? t("login.busy") : t("login.submit"))));
}

export function page() {
    document.title = `${t("login.title")} · ${t("app.name")}`;
    const { query } = location_.peek();
    const to = query.get("to") ?? "";
    return h("div", { class: "page login" }, h("div", { class: "login-card" },
        h("div", { class: "login-mark" }, icon("bird")), h("h1", {}, t("login.title")),
        // Only a path of ours: an address from outside must not be where a sign-in ends.
        form(query.get("airline"), (slug) => go(/^\/(?!\/|\\|login)[\w\-/.]+$/.test(to) ? to : `/${slug}/live`, { replace: true }))));
}

/** @param {string | undefined} slug @returns {Promise<boolean>} */
export function signInDialog(slug) {
    return new Promise((resolve) => {
        let signedIn = false;
        const dialog = openDialog(t("login.again"), h("div", { class: "stack" }, h("h1", {}, t("login.again")),
            form(slug, () => { signedIn = true; dialog.close(); }),
            h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, t("app.cancel"))));
        dialog.addEventListener("close", () => resolve(signedIn));
    });
}
