/** The door: airlines with a public map. Where there is only one, its map is what people came for. */
import { h } from "../reactive.js";
import { t } from "../i18n.js";
import { get } from "../api.js";
import { go, location_ } from "../router.js";
import { icon } from "../icons.js";
import { loaded, emptyState } from "../parts/ui.js";

export function page() {
    document.title = `${t("home.title")} · ${t("app.name")}`;
    const all = location_.peek().query.has("all");
    return h("div", { class: "page narrow" },
        h("h1", {}, t("home.lead")),
        loaded(() => get("/tenants"), ({ items }) => {
            if (items.length === 1 && !all) { queueMicrotask(() => go(`/${items[0].slug}/live`, { replace: true })); return null; }
            if (items.length === 0) {
                return emptyState("bird", t("home.empty"), h("p", {}, t("home.emptyDetail")), h("code", { class: "mono" }, "albatross tenant create demo --name \"Demo Air\""));
            }
            return h("ul", { class: "cards" }, items.map((each) =>
                h("li", {}, h("a", { class: "card-link", href: `/${encodeURIComponent(each.slug)}/live` },
                    h("span", { class: "logo" }, each.icao || "✈"),
                    h("span", { class: "grow" }, h("strong", { class: "cut", dir: "auto" }, each.name), h("span", { class: "muted" }, t("home.open"))),
                    icon("right")))));
        }));
}
