/** Starts the page: theme, language, session, then the page that the address names. */
import { h, effect, scope, append } from "./reactive.js";
import { location_, go } from "./router.js";
import { chooseLanguage } from "./i18n.js";
import * as api from "./api.js";
import { shell, startTheme, tenant, stream, reviewCount } from "./parts/shell.js";
import { problemNotice } from "./parts/ui.js";

/** Code of a page is fetched when somebody first goes there. */
/** @type {Array<[RegExp, (() => Promise<any>) | null]>} */
const ROUTES = [
    [/^\/$/, () => import("./pages/home.js")],
    [/^\/login$/, () => import("./pages/login.js")],
    [/^\/([a-z0-9-]+)$/, null],
    [/^\/([a-z0-9-]+)\/live(?:\/([^/]+))?$/, () => import("./pages/live.js")],
    [/^\/([a-z0-9-]+)\/flights$/, () => import("./pages/flights.js")],
    [/^\/([a-z0-9-]+)\/flights\/([^/]+)$/, () => import("./pages/flight.js")],
    [/^\/([a-z0-9-]+)\/me\/trackers$/, () => import("./pages/trackers.js")],
    [/^\/([a-z0-9-]+)\/review(?:\/([^/]+))?$/, () => import("./pages/review.js")],
];

const names = new Map();

/** Names of public airlines; an airline that is not public is called by its slug until somebody signs in. */
async function nameOf(slug) {
    if (names.size === 0) {
        try { for (const each of (await api.get("/tenants", { ask: false })).items) names.set(each.slug, each.name); } catch { /* the slug will do */ }
    }
    if (tenant.peek()?.slug === slug && names.has(slug)) tenant.value = { slug, name: names.get(slug) };
}

async function start() {
    startTheme();
    await chooseLanguage();
    const main = h("main", { class: "main", id: "content", tabindex: "-1" });
    append(document.getElementById("app"), shell(main));
    api.onSignInNeeded(async () => (await import("./pages/login.js")).signInDialog(tenant.peek()?.slug));
    await api.restore();

    /** @type {(() => void) | null} */
    let end = null;
    let turn = 0;
    let shown = "";
    effect(() => {
        const { path } = location_.value;
        const mine = ++turn;
        const found = ROUTES.find(([pattern]) => pattern.test(path));
        if (found && !found[1]) { go(`${path}/live`, { replace: true }); return; }
        const [, slug, id] = (found && found[0].exec(path)) || [];
        // Choosing another aircraft is a new address, not a new page.
        const kind = found ? `${ROUTES.indexOf(found)} ${slug} ${found[0].source.includes("live") ? "" : id}` : "none";
        if (kind === shown) return;
        shown = kind;
        (async () => {
            let made;
            try {
                if (!found) throw new api.Problem(404, {}, null);
                if (slug && tenant.peek()?.slug !== slug) {
                    tenant.value = { slug, name: slug };
                    stream.peek()?.close();
                    stream.value = null;
                    nameOf(slug);
                } else if (!slug && path === "/") tenant.value = null;
                const module = await found[1]?.();
                if (mine !== turn && shown !== kind) return;
                made = () => module.page({ slug, id: id && decodeURIComponent(id) });
            } catch (error) {
                // Code that cannot be fetched: no network, or a new version took the old one's place. Loading again helps with both.
                const problem = error instanceof api.Problem ? error : new api.Problem(0, {}, null);
                made = () => h("div", { class: "page" }, problemNotice(problem, () => window.location.reload()));
            }
            end?.();
            main.replaceChildren();
            const [content, stop] = scope(made);
            end = stop;
            append(main, [content]);
            main.classList.toggle("fill", !!main.querySelector(".live"));
            window.scrollTo(0, 0);
        })();
    });

    // How many reports wait, in the menu, for those who can do something about it.
    effect(() => {
        const slug = tenant.value?.slug;
        if (!slug || !api.isStaff(slug)) { reviewCount.value = 0; return; }
        const ask = async () => {
            try { reviewCount.value = (await api.get(`/${slug}/pireps?state=in-review&limit=100`, { ask: false })).items.length; } catch { /* the number stays */ }
        };
        ask();
    });
}

start();
