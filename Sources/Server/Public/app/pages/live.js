/** The live map, its list twin, and the panel of the chosen flight. Three views of one set of flights. */
import { h, signal, computed, effect, each, onEnd, untracked } from "../reactive.js";
import { t } from "../i18n.js";
import * as api from "../api.js";
import { Stream } from "../stream.js";
import { location_, go, note } from "../router.js";
import { keys } from "../keys.js";
import { icon } from "../icons.js";
import { tenant, stream as shellStream, theme, store } from "../parts/shell.js";
import { iconButton, emptyState, second, toast, problemNotice } from "../parts/ui.js";
import { altitude, speed, verticalSpeed, age, distance as miles, durationText, time, DASH } from "../format.js";
import { AlMap, webgl2, loadAirports } from "../map/map.js";
import { Fleet, onGround, freshness } from "../map/motion.js";
import { altitudeClass, distance, greatCircle } from "../map/geo.js";

const ROW = 52;
const GROUPS = {
    ground: new Set(["boarding", "pushback", "taxiOut", "taxiIn", "arrived"]),
    climb: new Set(["takeoff", "climb"]),
    cruise: new Set(["cruise"]),
    descent: new Set(["descent", "approach", "landing"]),
};

function stored(key, fallback) {
    try { return localStorage.getItem(key) ?? fallback; } catch { return fallback; }
}

export function page({ slug, id }) {
    const query = location_.peek().query;
    const stream = new Stream(slug);
    shellStream.value = stream;
    onEnd(() => { stream.close(); if (shellStream.peek() === stream) shellStream.value = null; });

    const canDraw = webgl2();
    const map = /** @type {AlMap} */ (/** @type {unknown} */ (document.createElement("al-map")));
    const fleet = canDraw ? map.fleet : new Fleet();
    const version = signal(0);
    const known = signal(false);
    const filter = signal(query.get("q") ?? "");
    const group = signal(query.get("phase") ?? "");
    const sort = signal(/** @type {"callsign"|"altitude"|"seen"} */ ("callsign"));
    const selected = signal(/** @type {string | null} */ (id ?? null));
    const following = signal(/** @type {boolean} */ (false));
    const trails = signal(stored("albatross.trails", "on") === "on");
    const names = signal(stored("albatross.labels", "on") === "on");
    const globe = signal(query.get("globe") === "1");
    const listOpen = signal(stored("albatross.list", "on") === "on");
    /** On a phone the list covers the map, or the map covers the list. */
    const phoneList = signal(/** @type {boolean} */ (!canDraw));
    const summary = signal("");
    const refused = signal(/** @type {any} */ (null));

    const matches = (flight) => {
        const wanted = filter.peek().trim().toUpperCase();
        if (group.peek() && !GROUPS[group.peek()]?.has(flight.phase)) return false;
        if (!wanted) return true;
        return [flight.callsign, flight.dep, flight.arr, flight.type, flight.reg, flight.pilot].some((text) => text && String(text).toUpperCase().includes(wanted));
    };
    map.leftOut = (flight) => !matches(flight);
    map.serverNow = () => stream.now();
    map.inset = () => padding();

    // ——— the stream ———
    let landed = 0;
    let added = 0;
    const take = (message) => {
        if (message.topic !== "live") return;
        const now = performance.now();
        const before = fleet.size;
        if (message.type === "snapshot") fleet.reset(message.flights ?? [], now);
        else if (message.type === "delta") {
            for (const flight of message.upsert ?? []) if (flight.state === "landed" && fleet.movers.get(flight.id)?.flight.state === "open") landed += 1;
            fleet.apply(message.upsert ?? [], message.remove ?? [], now);
        } else return;
        added += Math.max(0, fleet.size - before);
        known.value = true;
        version.value += 1;
        map.dataset.seq = String(message.seq ?? 0);
        map.dataset.aircraft = String(fleet.size);
        map.changed();
        grow(message);
    };
    onEnd(stream.listen(take));
    stream.subscribe("live");

    // A refused socket does not say why; a plain request does.
    api.get(`/${slug}/live`, { ask: false }).then((answer) => {
        if (!known.peek()) take({ type: "snapshot", topic: "live", ...answer });
    }).catch((error) => {
        if (error.status === 401 || error.status === 403 || error.status === 404) {
            refused.value = error;
            stream.close();
            stream.state.value = "refused";
        }
    });

    // ——— the list ———
    const rows = computed(() => {
        version.value;
        filter.value;
        group.value;
        const order = sort.value;
        const out = [];
        for (const mover of fleet.movers.values()) if (matches(mover.flight)) out.push(mover);
        const name = (a, b) => String(a.flight.callsign).localeCompare(String(b.flight.callsign), "en", { numeric: true });
        if (order === "altitude") out.sort((a, b) => b.flight.alt_ft - a.flight.alt_ft || name(a, b));
        else if (order === "seen") out.sort((a, b) => b.seen - a.seen || name(a, b));
        else out.sort(name);
        return out;
    });
    const scrolled = signal(0);
    const height = signal(800);
    const active = signal(0);
    const window_ = computed(() => {
        const all = rows.value;
        const first = Math.max(0, Math.floor(scrolled.value / ROW) - 4);
        return all.slice(first, first + Math.ceil(height.value / ROW) + 8).map((mover, i) => ({ mover, index: first + i, version: version.value }));
    });
    const choose = (flightId, { centre = true } = {}) => {
        if (flightId === selected.peek()) {
            if (flightId && centre) map.centreOn(flightId, padding());
            return;
        }
        go(`/${slug}/live${flightId ? `/${encodeURIComponent(flightId)}` : ""}${viewQuery()}`);
        if (flightId && centre) map.centreOn(flightId, padding());
    };

    const listBody = h("div", {
        class: "list-body", tabindex: "0", role: "listbox", "aria-label": t("live.list"), "data-first": "",
        "aria-activedescendant": () => (rows.value[active.value] ? `row-${rows.value[active.value].flight.id}` : null),
        onscroll: () => { scrolled.value = listBody.scrollTop; },
        onkeydown: (event) => {
            const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e9, End: 1e9 }[event.key];
            if (step) { event.preventDefault(); moveActive(step); }
            if (event.key === "Enter") { event.preventDefault(); const mover = rows.peek()[active.peek()]; if (mover) choose(mover.flight.id); }
        },
    },
    h("div", { class: "list-space", role: "presentation", style: () => ({ height: `${rows.value.length * ROW}px` }) },
        each(() => window_.value, (row) => row.mover.flight.id, (row) => listRow(row))));
    const moveActive = (step) => {
        const next = Math.max(0, Math.min(rows.peek().length - 1, active.peek() + step));
        active.value = next;
        const top = next * ROW;
        if (top < listBody.scrollTop) listBody.scrollTop = top;
        else if (top + ROW > listBody.scrollTop + listBody.clientHeight) listBody.scrollTop = top + ROW - listBody.clientHeight;
    };
    const sizes = new ResizeObserver(() => { height.value = listBody.clientHeight; });
    sizes.observe(listBody);
    onEnd(() => sizes.disconnect());

    function listRow(row) {
        const flight = () => row.value.mover.flight;
        const seen = () => { second.value; return freshness(row.value.mover, stream.now()); };
        return h("div", {
            class: "list-row", role: "option", id: `row-${flight().id}`, style: () => ({ transform: `translateY(${row.value.index * ROW}px)` }),
            "aria-selected": () => String(selected.value === flight().id), "data-active": () => (active.value === row.value.index ? "" : null),
            dataset: { flight: flight().id }, "data-age": seen,
            onclick: () => { active.value = row.peek().index; choose(flight().id); phoneList.value = !canDraw; },
        },
        h("span", { class: "swatch", "data-k": () => String(altitudeClass(flight().alt_ft, onGround(flight()))) }),
        h("span", { class: "list-main" },
            h("strong", { class: "cut", dir: "auto" }, () => flight().callsign),
            h("span", { class: "muted cut" }, () => `${flight().dep || "????"} → ${flight().arr || "????"}`)),
        h("span", { class: "list-side" },
            h("span", {}, () => altitude(flight().alt_ft, onGround(flight()))),
            h("span", { class: () => (seen() === "fresh" || seen() === "landed" ? "muted" : "tone-minor") }, () => {
                const state = seen();
                if (state === "late" || state === "stale") return age((stream.now() - Date.parse(flight().seen ?? flight().t)) / 1000);
                if (state === "landed") return t("live.landedAgo", { age: age((stream.now() - Date.parse(flight().t)) / 1000) });
                return state === "paused" ? t("live.paused") : t(`phase.${flight().phase}`);
            })));
    }

    const chip = (value, label) => h("button", {
        type: "button", class: "chip", "aria-pressed": () => String(group.value === value),
        onclick: () => { group.value = group.peek() === value ? "" : value; filtered(); },
    }, label);
    const search = h("input", {
        class: "input", type: "search", "data-search": "", placeholder: t("live.filter"), "aria-label": t("live.filterLabel"), value: filter.peek(), maxlength: "40", autocomplete: "off", spellcheck: "false",
        oninput: (event) => { filter.value = event.target.value; filtered(); },
        onkeydown: (event) => { if (event.key === "Escape") { if (filter.peek()) { filter.value = ""; event.target.value = ""; filtered(); } else event.target.blur(); } if (event.key === "ArrowDown") { event.preventDefault(); listBody.focus(); } },
    });
    const filtered = () => { active.value = 0; listBody.scrollTop = 0; remember(); map.tick(); };
    const clear = () => { filter.value = ""; group.value = ""; /** @type {HTMLInputElement} */ (search).value = ""; filtered(); };

    const list = h("section", { class: "list", "aria-label": t("live.list") },
        h("div", { class: "list-head" },
            h("div", { class: "list-search" }, icon("search"), search),
            h("div", { class: "chips", role: "group", "aria-label": t("live.filterLabel") },
                chip("", t("live.all")), chip("ground", t("live.ground")), chip("climb", t("live.climb")), chip("cruise", t("live.cruise")), chip("descent", t("live.descent"))),
            h("div", { class: "list-count" },
                h("span", { "data-count": "" }, () => {
                    version.value;
                    const all = fleet.size;
                    return rows.value.length === all ? t("live.count", { n: all }) : t("live.countOf", { n: rows.value.length, all });
                }),
                h("label", { class: "sorter" }, h("span", { class: "visually-hidden" }, t("live.sort", { name: "" })),
                    h("select", { class: "plain", onchange: (event) => { sort.value = event.target.value; } },
                        [["callsign", t("live.callsign")], ["altitude", t("live.altitude")], ["seen", t("live.seen")]].map(([value, label]) => h("option", { value }, label)))))),
        listBody,
        () => (known.value && rows.value.length === 0 ? (fleet.size === 0 ? emptyState("plane", t("live.empty"), h("p", {}, t("live.emptyDetail")))
            : emptyState("search", t("live.noMatch"), h("button", { class: "button", type: "button", onclick: clear }, t("live.clear")))) : null),
        canDraw ? null : h("p", { class: "list-notice" }, icon("info"), t("live.noMap")),
        h("p", { class: "visually-hidden", role: "status" }, () => summary.value));

    // What changed, for those who listen instead of look: at most each half minute.
    const summing = setInterval(() => {
        if (landed || added) summary.value = t("live.summary", { n: fleet.size, landed, added });
        landed = 0;
        added = 0;
    }, 30_000);
    onEnd(() => clearInterval(summing));

    // ——— the chosen flight ———
    const track = signal(/** @type {{points: number[][], times: number[], gs: number[]} | null} */ (null));
    let trackTurn = 0;
    async function loadTrack(flightId) {
        const turn = ++trackTurn;
        try {
            const feature = await api.get(`/${slug}/flights/${encodeURIComponent(flightId)}/track`, { ask: false });
            if (turn !== trackTurn) return;
            const points = feature.geometry?.coordinates ?? [];
            track.value = { points, times: (feature.properties?.times ?? []).map(Date.parse), gs: feature.properties?.gs_kt ?? [] };
        } catch { /* the panel and the short trail remain */ }
    }
    function grow(message) {
        const flightId = selected.peek();
        const current = track.peek();
        if (!flightId) return;
        if (message.type === "snapshot" && current) { loadTrack(flightId); return; }
        const flight = (message.upsert ?? []).find((each_) => each_.id === flightId);
        if (!flight || !current || flight.lat === undefined) return;
        const at = Date.parse(flight.t);
        if (current.times.length && at <= current.times[current.times.length - 1]) {
            if (!current.times.includes(at)) { clearTimeout(again); again = setTimeout(() => loadTrack(flightId), 1500); }
            return;
        }
        track.value = { points: [...current.points, [flight.lon, flight.lat, flight.alt_ft]], times: [...current.times, at], gs: [...current.gs, flight.gs_kt] };
    }
    let again;
    let drawnAt = 0;
    let drawing;
    const drawTrack = () => {
        drawing = undefined;
        drawnAt = performance.now();
        const current = track.peek();
        const points = current?.points ?? [];
        // The newest point belongs to the moving end, which the aircraft layer draws up to the marker itself.
        map.setTrack(points.slice(0, -1), { gap: (i) => current !== null && current.times[i + 1] - current.times[i] > 180_000 });
    };
    effect(() => {
        track.value;
        if (drawing === undefined) drawing = setTimeout(drawTrack, Math.max(0, 900 - (performance.now() - drawnAt)));
    });
    onEnd(() => clearTimeout(drawing));

    async function routeOf(flightId) {
        const flight = fleet.movers.get(flightId)?.flight;
        if (!flight) return;
        const table = await loadAirports();
        if (selected.peek() !== flightId) return;
        const ends = [flight.dep, flight.arr].map((code) => {
            const i = table.index.get(code);
            return i === undefined ? null : { icao: code, lat: table.lat[i], lon: table.lon[i] };
        });
        map.setMarks(ends.filter(Boolean));
        map.setPlan(ends[1] && flight.state !== "landed" ? [greatCircle(flight.lat, flight.lon, ends[1].lat, ends[1].lon)] : []);
        route.value = { id: flightId, dep: ends[0], arr: ends[1] };
    }
    const route = signal(/** @type {any} */ (null));
    const airportNames = signal(/** @type {Record<string, string>} */ ({}));
    async function nameAirports(codes) {
        const missing = codes.filter((code) => code && !(code in airportNames.peek()));
        if (!missing.length) return;
        try {
            const { items } = await api.get(`/${slug}/airports?codes=${missing.map(encodeURIComponent).join(",")}`, { ask: false });
            airportNames.value = { ...airportNames.peek(), ...Object.fromEntries(items.map((item) => [item.icao, item.name])) };
        } catch { /* codes say enough */ }
    }

    const mapReady = signal(false);
    effect(() => {
        const { path } = location_.value;
        const found = /^\/[^/]+\/live(?:\/([^/]+))?$/.exec(path);
        if (!found) return;
        selected.value = found[1] ? decodeURIComponent(found[1]) : null;
    });
    effect(() => {
        const flightId = selected.value;
        untracked(() => {
            map.select(flightId);
            track.value = null;
            trackTurn += 1;
            following.value = false;
            map.following = false;
            if (!flightId) { map.setPlan?.([]); if (map.map) map.setMarks([]); route.value = null; }
            if (flightId) loadTrack(flightId);
        });
    });
    effect(() => {
        const flightId = selected.value;
        if (!mapReady.value || !flightId || !known.value) return;
        second.value;
        untracked(() => {
            const flight = fleet.movers.get(flightId)?.flight;
            if (flight) nameAirports([flight.dep, flight.arr]);
            routeOf(flightId);
        });
    });
    effect(() => {
        document.title = [selected.value && fleet.movers.get(selected.value)?.flight.callsign, t("live.title"), tenant.value?.name].filter(Boolean).join(" · ");
    });
    effect(() => { map.following = following.value; if (following.value) map.tick(); });

    const panel = () => {
        const flightId = selected.value;
        if (!flightId || !known.value) return null;
        return h("section", { class: "panel", "aria-label": t("panel.label") }, panelContent(flightId));
    };
    function panelContent(flightId) {
        const there = computed(() => { version.value; return fleet.movers.has(flightId); });
        const flight = () => { version.value; return fleet.movers.get(flightId)?.flight ?? {}; };
        const field = (label, value, more) => h("div", { class: "figure" }, h("dt", {}, label), h("dd", {}, value), more ? h("dd", { class: "muted" }, more) : null);
        const progress = computed(() => {
            const ends = route.value;
            const now = flight();
            if (!ends?.dep || !ends.arr || ends.id !== flightId || now.lat === undefined) return null;
            const done = distance(ends.dep.lat, ends.dep.lon, now.lat, now.lon);
            const left = distance(now.lat, now.lon, ends.arr.lat, ends.arr.lon);
            const share = now.state === "landed" ? 1 : done + left > 1 ? done / (done + left) : 0;
            return { share, left, minutes: now.gs_kt > 60 ? (left / now.gs_kt) * 60 : null };
        });
        return () => (!there.value ? h("div", { class: "panel-gone" }, panelClose(), h("p", { class: "muted" }, t("panel.gone")),
            api.user.value ? h("a", { class: "button", href: `/${slug}/flights/${encodeURIComponent(flightId)}` }, t("panel.open")) : null) : [
            h("header", { class: "panel-head" },
                h("div", { class: "panel-title" },
                    h("h1", { class: "cut", dir: "auto" }, () => flight().callsign),
                    h("span", { class: "phase-tag" }, () => (flight().state === "paused" ? t("live.paused") : t(`phase.${flight().phase}`)))),
                panelClose()),
            h("div", { class: "ends" },
                h("div", {}, h("strong", {}, () => flight().dep || "????"), h("span", { class: "muted cut", dir: "auto" }, () => airportNames.value[flight().dep] ?? "")),
                h("div", { class: "ends-right" }, h("strong", {}, () => flight().arr || "????"), h("span", { class: "muted cut", dir: "auto" }, () => airportNames.value[flight().arr] ?? ""))),
            h("div", { class: "progress", role: "img", "aria-label": () => t("panel.progress", { n: Math.round((progress.value?.share ?? 0) * 100) }), hidden: () => !progress.value },
                h("div", { class: "progress-done", style: () => ({ width: `${(progress.value?.share ?? 0) * 100}%` }) }),
                h("span", { class: "progress-plane", style: () => ({ "inset-inline-start": `${(progress.value?.share ?? 0) * 100}%` }) }, icon("plane"))),
            h("div", { class: "progress-text muted", hidden: () => !progress.value },
                h("span", {}, () => `${Math.round((progress.value?.share ?? 0) * 100)} %`),
                h("span", {}, () => (progress.value && progress.value.share < 1 ? `${miles(progress.value.left)}${progress.value.minutes ? ` · ${durationText(progress.value.minutes)}` : ""} ${t("panel.toGo")}` : ""))),
            h("dl", { class: "figures" },
                field(t("panel.altitude"), () => altitude(flight().alt_ft, onGround(flight()))),
                field(t("panel.speed"), () => speed(flight().gs_kt)),
                field(t("panel.vs"), () => (onGround(flight()) ? DASH : verticalSpeed(flight().vs_fpm))),
                field(t("panel.heading"), () => (flight().hdg === undefined ? DASH : `${String(Math.round(flight().hdg) % 360).padStart(3, "0")}°`))),
            h("figure", { class: "spark-box" }, h("figcaption", { class: "muted" }, t("panel.profile")), spark(track, theme)),
            h("dl", { class: "facts" },
                h("dt", {}, t("panel.aircraft")), h("dd", { dir: "auto" }, () => [flight().type, flight().reg].filter(Boolean).join(" · ") || DASH),
                () => (flight().pilot ? [h("dt", {}, t("panel.pilot")), h("dd", { dir: "auto" }, flight().pilot)] : null),
                h("dt", {}, t("panel.report")), h("dd", { title: () => time(flight().t, true) }, () => { second.value; return age((stream.now() - Date.parse(flight().seen ?? flight().t)) / 1000); })),
            h("div", { class: "panel-actions" },
                canDraw ? h("button", { class: "button", type: "button", "aria-pressed": () => String(following.value), onclick: () => { following.value = !following.value; } }, icon("follow"), () => (following.value ? t("panel.following") : t("panel.follow"))) : null,
                () => (api.signedInTo(slug) ? h("a", { class: "button primary", href: `/${slug}/flights/${encodeURIComponent(flightId)}` }, t("panel.open")) : null),
                h("button", { class: "button", type: "button", onclick: share }, icon("share"), t("panel.share"))),
        ]);
    }
    const panelClose = () => iconButton({ icon: "close", label: t("app.close"), class: "quiet", onclick: () => choose(null) });
    async function share() {
        const url = `${window.location.origin}${window.location.pathname}`;
        try {
            if (navigator.share && window.matchMedia("(pointer: coarse)").matches) await navigator.share({ url });
            else { await navigator.clipboard.writeText(url); toast(t("app.copied")); }
        } catch { /* closed by the reader, or not allowed here: the address bar has it */ }
    }

    // ——— the address ———
    function viewQuery() {
        const out = new URLSearchParams();
        if (filter.peek().trim()) out.set("q", filter.peek().trim());
        if (group.peek()) out.set("phase", group.peek());
        if (globe.peek()) out.set("globe", "1");
        if (map.map) {
            const centre = map.map.getCenter().wrap();
            out.set("p", `${centre.lat.toFixed(2)},${centre.lng.toFixed(2)},${map.map.getZoom().toFixed(1)}`);
        }
        const text = out.toString().replaceAll("%2C", ",");
        return text ? `?${text}` : "";
    }
    const remember = () => { if (/\/live(\/|$)/.test(window.location.pathname)) note(window.location.pathname + viewQuery()); };
    const padding = () => {
        const wide = window.innerWidth >= 768;
        return { left: wide && listOpen.peek() ? 320 : 0, right: wide && selected.peek() ? 340 : 0, top: 0, bottom: wide || !selected.peek() ? 0 : Math.min(300, window.innerHeight * 0.4) };
    };

    // ——— the map ———
    if (canDraw) {
        const view = /^(-?[\d.]+),(-?[\d.]+),([\d.]+)$/.exec(query.get("p") ?? "");
        const phone = window.innerWidth < 768;
        queueMicrotask(() => map.start({
            theme: /** @type {any} */ (theme.peek()), globe: globe.peek(),
            centre: view ? [Number(view[2]), Number(view[1])] : phone ? [0, 42] : [-22, 36], zoom: view ? Number(view[3]) : phone ? 1.3 : Math.max(1.2, Math.log2((window.innerWidth - padding().left) / 420)),
        }).then(() => {
            mapReady.value = true;
            map.trails = trails.peek();
            map.labels = names.peek();
            map.select(selected.peek());
            if (track.peek()) drawTrack();
            let firstView = !view;
            effect(() => {
                if (!known.value) return;
                version.value;
                useAirports();
                if (firstView) { firstView = false; untracked(begin); }
            });
        }).catch((error) => { refused.value = error; }));
        onEnd(() => map.stop());
        effect(() => map.setTheme(/** @type {any} */ (theme.value)));
        map.addEventListener("pick", (event) => choose(/** @type {CustomEvent} */ (event).detail, { centre: false }));
        map.addEventListener("unfollow", () => { following.value = false; });
        map.addEventListener("moved", () => {
            remember();
            const bounds = map.map?.getBounds();
            if (!bounds) return;
            const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
            const grow = (east - west) * 0.1;
            stream.look(east - west > 320 ? null : [((west - grow + 540) % 360) - 180, Math.max(-90, south - 5), ((east + grow + 540) % 360) - 180, Math.min(90, north + 5)]);
        });
    }
    let usedText = "";
    function useAirports() {
        const used = new Set();
        for (const mover of fleet.movers.values()) { used.add(mover.flight.dep); used.add(mover.flight.arr); }
        const text = [...used].sort().join();
        if (text === usedText) return;
        usedText = text;
        map.baseUsed = used;
        map.names.used = used;
        map.names.drawPlaces();
    }
    /** First look: the flights, when they are in one part of the world; the chosen one, when there is one. */
    function begin() {
        const flightId = selected.peek();
        if (flightId && fleet.movers.has(flightId)) { map.centreOn(flightId, padding()); return; }
        const flights = [...fleet.movers.values()].map((mover) => [mover.flight.lon, mover.flight.lat]);
        if (!flights.length) return;
        const lons = flights.map((place) => place[0]);
        if (Math.max(...lons) - Math.min(...lons) < 200) map.fit(flights, /** @type {any} */ ({ top: 90, bottom: 90, left: (padding().left || 0) + 70, right: 90 }), 6.5);
    }

    const toggle = (value, key, apply) => () => { value.value = !value.peek(); store(key, value.peek() ? "on" : "off"); apply(); };
    const toggleTrails = toggle(trails, "albatross.trails", () => { map.trails = trails.peek(); map.tick(); map.map?.triggerRepaint(); });
    const toggleLabels = toggle(names, "albatross.labels", () => { map.labels = names.peek(); map.names.chosenAt = 0; map.map?.triggerRepaint(); });
    const toggleGlobe = () => { globe.value = !globe.peek(); map.setGlobe(globe.peek()); remember(); };
    const toggleList = toggle(listOpen, "albatross.list", () => {});
    onEnd(keys({
        j: () => moveActive(1), k: () => moveActive(-1),
        Enter: () => { const mover = rows.peek()[active.peek()]; if (mover) choose(mover.flight.id); },
        f: () => { if (selected.peek()) following.value = !following.peek(); },
        t: toggleTrails, l: toggleLabels, o: toggleGlobe, 0: () => map.whole(),
        Escape: () => { if (selected.peek()) choose(null); },
    }));

    const legend = h("figure", { class: "legend", "aria-label": t("legend.title") },
        h("figcaption", { class: "muted" }, t("legend.title")),
        h("div", { class: "legend-steps" }, [t("legend.ground"), "0–10", "10–20", "20–30", "30–40", "40+"].map((label, k) =>
            h("span", { class: "legend-step" }, h("span", { class: "swatch", "data-k": String(k) }), label))));

    return h("div", { class: "live", "data-list": () => (listOpen.value ? "on" : "off"), "data-phone": () => (phoneList.value ? "list" : "map"), "data-panel": () => (selected.value ? "on" : "off"), "data-connection": () => stream.state.value, "data-map": canDraw ? "on" : "off" },
        list,
        h("h1", { class: "visually-hidden" }, () => `${t("live.title")} ${tenant.value?.name ?? ""}`),
        canDraw ? h("div", { class: "map-area" }, map,
            h("div", { class: "map-tools", role: "group", "aria-label": t("live.title") },
                iconButton({ icon: "plus", label: t("map.zoomIn"), onclick: () => map.map?.zoomIn() }),
                iconButton({ icon: "minus", label: t("map.zoomOut"), onclick: () => map.map?.zoomOut() }),
                iconButton({ icon: "world", label: t("map.world"), onclick: () => map.whole() }),
                iconButton({ icon: "globe", label: t("map.globe"), onclick: toggleGlobe, pressed: () => globe.value }),
                iconButton({ icon: "trail", label: t("map.trails"), onclick: toggleTrails, pressed: () => trails.value }),
                iconButton({ icon: "label", label: t("map.labels"), onclick: toggleLabels, pressed: () => names.value })),
            legend,
            h("button", { class: "button list-toggle", type: "button", "aria-pressed": () => String(listOpen.value), onclick: toggleList, title: t("live.hideList"), "aria-label": t("live.showList") }, icon("list"))) : null,
        () => (refused.value ? h("div", { class: "live-refused" }, [401, 403].includes(refused.value.status)
            ? h("div", { class: "notice" }, h("h2", {}, t("live.refused")), h("p", { class: "muted" }, t("live.refusedDetail")),
                h("a", { class: "button primary", href: `/login?airline=${encodeURIComponent(slug)}&to=${encodeURIComponent(window.location.pathname)}` }, t("nav.signIn")))
            : problemNotice(refused.value, () => window.location.reload())) : null),
        panel,
        canDraw ? h("button", { class: "button primary phone-switch", type: "button", onclick: () => { phoneList.value = !phoneList.peek(); } },
            () => (phoneList.value ? [icon("plane"), t("live.showMap")] : [icon("list"), t("live.showList"), h("span", { class: "phone-count" }, () => { version.value; return String(rows.value.length); })])) : null);
}

/** The altitude so far, as a small drawing. */
function spark(track, themeNow) {
    const canvas = /** @type {HTMLCanvasElement} */ (document.createElement("canvas"));
    canvas.className = "spark";
    canvas.setAttribute("aria-hidden", "true");
    let asked = 0;
    const draw = () => {
        asked = 0;
        const current = track.peek();
        const ratio = window.devicePixelRatio || 1;
        const width = canvas.clientWidth;
        const height = canvas.clientHeight;
        if (!width) return;
        canvas.width = width * ratio;
        canvas.height = height * ratio;
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        context.scale(ratio, ratio);
        const css = getComputedStyle(canvas);
        context.strokeStyle = css.getPropertyValue("--line");
        context.beginPath();
        context.moveTo(0, height - 0.5);
        context.lineTo(width, height - 0.5);
        context.stroke();
        if (!current || current.points.length < 2) return;
        const first = current.times[0];
        const span = Math.max(1, current.times[current.times.length - 1] - first);
        const top = Math.max(10_000, ...current.points.map((point) => point[2] ?? 0)) * 1.08;
        const place = (i) => /** @type {[number, number]} */ ([((current.times[i] - first) / span) * width, height - 1 - ((current.points[i][2] ?? 0) / top) * (height - 4)]);
        context.beginPath();
        context.moveTo(0, height);
        for (let i = 0; i < current.points.length; i += 1) context.lineTo(...place(i));
        context.lineTo(width, height);
        context.fillStyle = `color-mix(in srgb, ${css.getPropertyValue("--accent")} 16%, transparent)`;
        context.fill();
        context.lineWidth = 1.75;
        context.lineJoin = "round";
        for (let i = 1; i < current.points.length; i += 1) {
            context.beginPath();
            context.moveTo(...place(i - 1));
            context.lineTo(...place(i));
            context.strokeStyle = css.getPropertyValue(`--alt${altitudeClass(current.points[i][2] ?? 0, (current.points[i][2] ?? 0) <= 0)}`);
            context.stroke();
        }
    };
    effect(() => { track.value; themeNow.value; if (!asked) asked = requestAnimationFrame(draw); });
    return canvas;
}
