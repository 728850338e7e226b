/** One flight: what was flown, what the rules found, and what was decided, each beside its evidence. */
import { h, signal, effect, onEnd, untracked } from "../reactive.js";
import { t } from "../i18n.js";
import * as api from "../api.js";
import { Stream } from "../stream.js";
import { keys } from "../keys.js";
import { icon } from "../icons.js";
import { tenant, stream as shellStream, theme } from "../parts/shell.js";
import { iconButton, emptyState, loaded, stateBadge, severityOf, openDialog, toast, problemNotice } from "../parts/ui.js";
import { altitude, speed, distance as miles, mass, points, quantity, time, date, dateTime, duration, durationText, touchdown, integer, DASH } from "../format.js";
import { AlMap, webgl2, airport } from "../map/map.js";
import { greatCircle } from "../map/geo.js";
import { ALTITUDE } from "../map/style.js";
import { profile } from "../charts/profile.js";

const DONE = new Set(["filed", "in-review", "awaiting-pilot", "accepted", "rejected"]);
const ORDER = { critical: 0, major: 1, minor: 2, info: 3 };
const GROUND_PHASES = new Set(["boarding", "pushback", "taxiOut", "taxiIn", "arrived"]);
const tones = { dark: { critical: "#ff8080", major: "#ff9e64", minor: "#e5c07b", info: "#6cb6ff", unknown: "#c4a7ff" }, light: { critical: "#b3202a", major: "#a04300", minor: "#7a5400", info: "#0b5cad", unknown: "#6a3fb5" } };

export function page({ slug, id }) {
    const base = `/${slug}/flights/${encodeURIComponent(id)}`;
    const content = loaded(async () => {
        const flight = await api.get(base);
        const [track, chart] = await Promise.all([
            api.get(`${base}/track`).catch(() => null),
            api.get(`${base}/profile?points=4000`).catch(() => null),
        ]);
        return { flight, track, chart };
    }, (data) => flightPage(slug, id, base, data));
    return h("div", { class: "page flight-page" }, content);
}

function flightPage(slug, id, base, first) {
    const flight = signal(first.flight);
    const track = signal(first.track);
    const chart = signal(first.chart);
    const chosen = signal(/** @type {any} */ (null));
    const tab = signal("summary");
    const pirep = () => flight.value.pirep;
    const findings = () => [...(pirep()?.findings ?? [])].sort((a, b) => (ORDER[a.severity] ?? 4) - (ORDER[b.severity] ?? 4) || (a.points ?? 0) - (b.points ?? 0));
    const shown = () => findings().filter((each) => each.verdict === "violated" || each.verdict === "inconclusive");

    effect(() => { document.title = [flight.value.callsign, `${flight.value.dep} → ${flight.value.arr}`, tenant.value?.name].filter(Boolean).join(" · "); });

    // ——— news ———
    const stream = new Stream(slug);
    shellStream.value = stream;
    onEnd(() => { stream.close(); if (shellStream.peek() === stream) shellStream.value = null; });
    let reloading;
    const reload = async () => {
        reloading = undefined;
        try {
            const next = await api.get(base, { ask: false });
            if (next.figures?.positions !== flight.peek().figures?.positions) {
                track.value = await api.get(`${base}/track`, { ask: false }).catch(() => track.peek());
                chart.value = await api.get(`${base}/profile?points=4000`, { ask: false }).catch(() => chart.peek());
            }
            flight.value = next;
        } catch { /* the page keeps what it shows; the bar tells about the connection */ }
    };
    const soon = (wait) => { reloading ??= setTimeout(reload, wait); };
    onEnd(stream.listen((message) => {
        if (message.topic === "flight" && (!message.flight || message.flight === id)) soon(/positions/.test(message.event ?? "") ? 3000 : 200);
    }));
    stream.subscribe("flight", { id });
    let wasLost = false;
    effect(() => {
        const state = stream.state.value;
        if (state === "lost") wasLost = true;
        if (state === "live" && wasLost) { wasLost = false; soon(0); }
    });
    onEnd(() => clearTimeout(reloading));

    // ——— map ———
    const canDraw = webgl2();
    const map = /** @type {AlMap} */ (/** @type {unknown} */ (document.createElement("al-map")));
    const mapReady = signal(false);
    const failed = signal(false);
    let line = [];
    let times = [];
    if (canDraw) {
        queueMicrotask(() => map.start({ theme: /** @type {any} */ (theme.peek()), label: t("map.flightLabel"), zoom: 2 }).then(() => { mapReady.value = true; }).catch(() => { failed.value = true; }));
        onEnd(() => map.stop());
        effect(() => map.setTheme(/** @type {any} */ (theme.value)));
    }
    let fitted = false;
    effect(() => {
        if (!mapReady.value) return;
        const now = flight.value;
        const feature = track.value;
        untracked(() => {
            const coordinates = feature?.geometry?.coordinates ?? [];
            times = (feature?.properties?.times ?? []).map(Date.parse);
            const gaps = (now.gaps ?? []).map((gap) => [Date.parse(gap.from), Date.parse(gap.to)]);
            const ground = (now.phases ?? []).filter((phase) => GROUND_PHASES.has(phase.phase)).map((phase) => [Date.parse(phase.from), Date.parse(phase.to)]);
            const off = now.oooi?.off_at ? Date.parse(now.oooi.off_at) : -Infinity;
            const on = now.oooi?.on_at ? Date.parse(now.oooi.on_at) : Infinity;
            line = map.setTrack(coordinates, {
                ground: (i) => times[i] < off || times[i] > on || ground.some(([from, to]) => times[i] >= from && times[i] < to),
                gap: (i) => gaps.some(([from, to]) => times[i] < to && times[i + 1] > from && times[i + 1] - times[i] > 30_000),
            });
            places(now);
            if (!fitted && line.length) { fitted = true; map.fit(line, 48, 12); }
        });
    });
    async function places(now) {
        const given = new Map((now.airports ?? []).map((each) => [each.icao, each]));
        const ends = await Promise.all([now.dep, now.arr].map(async (code) => given.get(code) ?? (code ? airport(code).catch(() => null) : null)));
        map.setMarks(ends.filter(Boolean));
        const [from, to] = ends;
        map.setPlan(from && to && from.icao !== to.icao ? [greatCircle(from.lat, from.lon, to.lat, to.lon)] : []);
        if (!fitted && from && to) { fitted = true; map.fit(greatCircle(from.lat, from.lon, to.lat, to.lon), 60, 9); }
    }
    const piece = (from, to) => line.filter((_, i) => times[i] >= from && times[i] <= to);
    effect(() => {
        if (!mapReady.value) return;
        const current = chosen.value;
        const all = shown();
        const palette = tones[theme.value];
        track.value;
        map.set("evidence", {
            type: "FeatureCollection",
            features: all.flatMap((finding) => (finding.evidence ?? []).map(({ first: from, last: to }) => {
                let part = piece(Date.parse(from) - 500, Date.parse(to) + 500);
                if (part.length < 2) {
                    const i = nearest(Date.parse(from));
                    part = line.slice(Math.max(0, i - 1), i + 2);
                }
                return part.length > 1 ? { type: "Feature", properties: { colour: palette[severityOf(finding).tone], chosen: finding === current }, geometry: { type: "LineString", coordinates: part } } : null;
            }).filter(Boolean)),
        });
    });
    function nearest(at) {
        let low = 0;
        let high = times.length - 1;
        while (high - low > 1) {
            const middle = (low + high) >> 1;
            if (times[middle] < at) low = middle;
            else high = middle;
        }
        return high >= 0 && Math.abs(times[high] - at) < Math.abs(times[low] - at) ? high : low;
    }
    let cursorAt = 0;
    function cursor(at) {
        if (!mapReady.peek()) return;
        // A dot does not need more redraws than the eye can follow.
        const now = performance.now();
        if (at !== null && now - cursorAt < 30) return;
        cursorAt = now;
        const i = at === null ? -1 : nearest(at);
        const place = line[i];
        map.dataset.cursor = at === null ? "" : String(times[i]);
        map.set("cursor", { type: "FeatureCollection", features: place ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } }] : [] });
    }
    map.addEventListener("mousemove", (event) => {
        if (!mapReady.peek() || !line.length || !drawn) return;
        const box = map.getBoundingClientRect();
        const at = map.map?.unproject([event.clientX - box.left, event.clientY - box.top]);
        if (!at) return;
        let best = -1;
        let least = Infinity;
        const shrink = Math.cos((at.lat * Math.PI) / 180);
        for (let i = 0; i < line.length; i += 1) {
            const away = ((line[i][0] - at.lng) * shrink) ** 2 + (line[i][1] - at.lat) ** 2;
            if (away < least) { least = away; best = i; }
        }
        const spot = best >= 0 && map.map.project(line[best]);
        if (spot && Math.hypot(spot.x - (event.clientX - box.left), spot.y - (event.clientY - box.top)) < 24) drawn.point(times[best]);
    });

    // ——— charts ———
    /** @type {any} */
    let drawn = null;
    const chartBox = h("div", { class: "chart-box" });
    const bands = () => shown().flatMap((finding) => (finding.evidence ?? []).map(({ first: from, last: to }) => ({ finding, first: Date.parse(from) / 1000, last: Date.parse(to) / 1000, tone: severityOf(finding).tone, threshold: finding.threshold })));
    const clockBox = h("span", {});
    const zoomed = signal(false);
    effect(() => {
        const data = chart.value;
        if (!data?.t?.length) return;
        untracked(() => {
            const keep = drawn?.range();
            profile(data, {
                bands, chosen: () => chosen.peek(), theme: () => theme.value, onCursor: cursor,
                onRange: (range) => {
                    zoomed.value = !!range;
                    if (!mapReady.peek() || choosing) return;
                    map.fit(range ? piece(range[0] * 1000, range[1] * 1000) : line, 48, 12);
                },
            }).then((made) => {
                if (!chartBox.isConnected && drawn) return;
                drawn?.stop();
                drawn = made;
                chartBox.replaceChildren(made.root);
                clockBox.replaceChildren(made.clockText);
                requestAnimationFrame(() => { made.start(); if (keep) made.zoom(keep[0], keep[1]); });
                map.charts = made;
            }).catch(() => chartBox.replaceChildren(h("p", { class: "muted" }, t("error.offline"))));
        });
    });
    onEnd(() => drawn?.stop());
    effect(() => { flight.value; chosen.value; drawn?.redraw(); });

    let choosing = false;
    function choose(finding) {
        const same = chosen.peek() === finding;
        chosen.value = same ? null : finding;
        choosing = true;
        if (same || !finding?.evidence?.length) whole();
        else {
            const from = Date.parse(finding.evidence[0].first);
            const to = Date.parse(finding.evidence[finding.evidence.length - 1].last);
            // At least a minute is shown, with a quarter of it on either side.
            const padding = Math.max(30_000, (to - from) * 0.25);
            drawn?.zoom((from - padding) / 1000, (to + padding) / 1000);
            zoomed.value = true;
            const part = piece(from - padding, to + padding);
            if (mapReady.peek() && part.length) map.fit(part, 70, 12.5);
        }
        choosing = false;
    }
    function whole() {
        chosen.value = null;
        choosing = true;
        drawn?.whole();
        zoomed.value = false;
        choosing = false;
        if (mapReady.peek() && line.length) map.fit(line, 48, 12);
    }
    const stepFinding = (by) => {
        const list = shown().filter((each) => each.evidence?.length);
        if (!list.length) return;
        const at = list.indexOf(chosen.peek());
        const next = list[(at + by + list.length) % list.length];
        if (next !== chosen.peek()) choose(next);
    };
    onEnd(keys({ n: () => stepFinding(1), p: () => stepFinding(-1), z: whole, Escape: () => { if (chosen.peek()) whole(); } }));

    // ——— parts ———
    const oooi = () => {
        const at = flight.value.oooi ?? {};
        const between = (from, to) => (from && to ? durationText((Date.parse(to) - Date.parse(from)) / 60_000) : "");
        const point = (key) => h("div", { class: "oooi-time" }, h("span", {}, t(`oooi.${key}`)), h("strong", { title: dateTime(at[`${key}_at`], true) }, time(at[`${key}_at`])));
        const leg = (text, air) => h("div", { class: air ? "oooi-leg air" : "oooi-leg" }, text || "\u00a0");
        const out = between(at.out_at, at.off_at);
        const air = between(at.off_at, at.on_at);
        const back = between(at.on_at, at.in_at);
        return h("section", { class: "oooi", "aria-label": "OOOI" },
            point("out"), leg(out && t("oooi.taxi", { n: out })), point("off"), leg(air && t("oooi.air", { n: air }), true), point("on"), leg(back && t("oooi.taxi", { n: back })), point("in"));
    };

    const head = () => {
        const now = flight.value;
        const score = now.score;
        return h("header", { class: "flight-head" },
            h("div", { class: "flight-name" }, h("h1", { class: "cut", dir: "auto" }, now.callsign || now.flight_number),
                h("span", { class: "muted cut", dir: "auto" }, [now.pilot_name, now.pilot].filter(Boolean).join(" · "))),
            h("div", {}, h("div", { class: "flight-route" }, now.dep || "????", icon("plane"), now.arr || "????"),
                h("span", { class: "muted", dir: "auto" }, [date(now.out_at ?? now.opened_at), now.type, now.reg].filter(Boolean).join(" · "))),
            h("div", { class: "flight-state" }, stateBadge(now.state),
                DONE.has(now.state) ? null : h("a", { class: "button", href: `/${slug}/live/${encodeURIComponent(id)}` }, icon("plane"), t("flight.live")),
                score === null || score === undefined ? null : h("div", { class: "score", title: `${t("flight.score")} ${score} ${t("flight.outOf")}`, "aria-label": `${t("flight.score")} ${score} ${t("flight.outOf")}`, role: "img", dataset: { tone: score >= 85 ? "ok" : score >= 60 ? "minor" : "critical" } }, String(score))));
    };

    const figures = () => {
        const f = flight.value.figures ?? {};
        const figure = (label, value, more) => h("div", { class: "figure" }, h("dt", {}, label), h("dd", {}, value), more ? h("dd", { class: "muted" }, more) : null);
        return h("dl", { class: "summary-figures" },
            figure(t("flight.block"), duration(f.block_min)),
            figure(t("flight.air"), duration(f.air_min)),
            figure(t("flight.distance"), miles(f.distance_nm), f.great_circle_nm ? t("flight.direct", { n: miles(f.great_circle_nm) }) : null),
            figure(t("flight.landing"), touchdown(f.touchdown_rate_fpm), f.touchdown_source ? t(`flight.source.${f.touchdown_source}`) : null),
            figure(t("flight.top"), altitude(f.max_alt_ft)),
            figure(t("flight.fuel"), mass(f.fuel_used_kg)));
    };

    const findingCard = (finding) => {
        const mark = severityOf(finding);
        const evidence = finding.evidence?.[0];
        return h("button", {
            type: "button", class: "finding", "aria-pressed": () => String(chosen.value === finding), onclick: () => choose(finding), disabled: !evidence, dataset: { rule: finding.rule },
            title: evidence ? t("flight.showOn") : undefined,
        },
        h("span", { class: `tone-${mark.tone}` }, icon(/** @type {any} */ (mark.icon))),
        h("span", { class: "title", dir: "auto" }, finding.title || finding.rule, h("span", { class: "visually-hidden" }, `, ${mark.word}`)),
        h("span", { class: `points ${finding.points < 0 ? `tone-${mark.tone}` : "muted"}` }, finding.points ? points(finding.points) : mark.word),
        finding.text ? h("span", { class: "text", dir: "auto" }, finding.text) : null,
        h("span", { class: "measure" },
            finding.measured ? h("span", {}, h("strong", {}, quantity(finding.measured))) : null,
            finding.threshold ? h("span", {}, t("flight.limit", { value: quantity(finding.threshold) })) : null,
            finding.verdict === "violated" && finding.confidence ? h("span", {}, t(`confidence.${finding.confidence}`)) : null,
            evidence ? h("span", {}, `${time(evidence.first, true)}${evidence.last !== evidence.first ? ` – ${time(evidence.last, true)}` : ""}`) : null));
    };

    const findingsCard = () => {
        const list = shown();
        const fine = findings().filter((each) => each.verdict === "pass");
        return h("section", { class: "card", "aria-label": t("flight.findings") },
            h("div", { class: "card-head" }, h("h2", {}, t("flight.findings"), list.length ? h("span", { class: "muted" }, ` ${list.length}`) : null)),
            !pirep() ? h("p", { class: "card-body muted" }, t("flight.notJudged"))
                : list.length ? h("div", { class: "findings" }, list.map(findingCard)) : h("p", { class: "card-body tone-ok" }, t("flight.noFindings")),
            fine.length ? h("details", { class: "fine-list" }, h("summary", {}, icon("check"), t("flight.fine", { n: fine.length })),
                h("ul", {}, fine.map((each) => h("li", { dir: "auto" }, each.title || each.rule)))) : null);
    };

    const decisionCard = () => {
        const report = pirep();
        if (!report) return null;
        const decision = report.decision;
        const tone = { accept: "ok", flag: "major", reject: "critical" }[decision?.outcome] ?? "";
        const staff = api.isStaff(slug) && DONE.has(report.state);
        const own = api.user.value && report.pilot && api.user.value.ident === report.pilot;
        return h("section", { class: "card", "aria-label": t("flight.decision") },
            h("div", { class: "card-head" }, h("h2", {}, t("flight.decision"))),
            h("div", { class: "card-body decision" },
                decision ? [
                    h("div", { class: "decision-line" }, h("span", { class: "badge", dataset: { tone } }, icon(decision.outcome === "accept" ? "check" : decision.outcome === "flag" ? "warn" : "close"), t(`flight.outcome.${decision.outcome}`)),
                        h("span", { class: "muted" }, decision.by === "rules" ? t("flight.byRules") : t("flight.by", { name: decision.by ?? DASH }))),
                    decision.reason ? h("p", { class: "reason", dir: "auto" }, decision.reason) : null,
                    h("p", { class: "faint" }, [decision.at ? dateTime(decision.at) : null,
                        decision.ruleset ? t("flight.ruleset", { id: decision.ruleset.id, version: decision.ruleset.version }) : null,
                        decision.confidence === null || decision.confidence === undefined ? null : t("flight.confidence", { n: decision.confidence })].filter(Boolean).join(" · ")),
                ] : h("p", { class: "muted" }, stateBadge(report.state)),
                staff && !own ? h("div", { class: "actions-row" },
                    report.state === "accepted" ? null : h("button", { class: "button ok", type: "button", onclick: () => review("accept") }, icon("check"), t("flight.accept")),
                    report.state === "rejected" ? null : h("button", { class: "button bad", type: "button", onclick: () => review("reject") }, icon("close"), t("flight.reject"))) : null));
    };

    // ——— deciding ———
    function review(action) {
        const report = flight.peek().pirep;
        const store = `albatross.reason.${report.id}`;
        const error = signal(/** @type {any} */ (null));
        const busy = signal(false);
        const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
        const field = /** @type {HTMLTextAreaElement} */ (h("textarea", {
            class: "input", id: "reason", rows: "4", maxlength: "2000", dir: "auto",
            oninput: () => { try { sessionStorage.setItem(store, field.value); } catch { /* a draft may be lost then */ } },
            onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event); },
        }));
        try { field.value = sessionStorage.getItem(store) ?? ""; } catch { /* see above */ }
        const send = async (event) => {
            event.preventDefault();
            if (busy.peek()) return;
            const reason = field.value.trim();
            if (action === "reject" && reason.length < 10) { error.value = { message: t("flight.reasonShort") }; field.focus(); return; }
            busy.value = true;
            error.value = null;
            try {
                const next = await api.post(`/${slug}/pireps/${encodeURIComponent(report.id)}/review`, { action, reason }, { key });
                try { sessionStorage.removeItem(store); } catch { /* see above */ }
                if (next?.id) flight.value = { ...flight.peek(), state: next.state, score: next.score ?? flight.peek().score, pirep: next };
                dialog.close();
                toast(t("flight.sent"));
                soon(0);
            } catch (problem) {
                if (problem.status === 409 || problem.status === 412) {
                    await reload();
                    const now = flight.peek();
                    error.value = { message: t("flight.decided", { what: problem.detail || t(`state.${now.state}`) }) };
                } else error.value = problem;
            } finally {
                busy.value = false;
            }
        };
        const name = report.callsign || report.flight_number;
        const dialog = openDialog(t(action === "reject" ? "flight.rejectTitle" : "flight.acceptTitle", { name }), h("form", { onsubmit: send },
            h("h1", { dir: "auto" }, t(action === "reject" ? "flight.rejectTitle" : "flight.acceptTitle", { name })),
            h("div", { class: "field" }, h("label", { for: "reason" }, t(action === "reject" ? "flight.reason" : "flight.reasonNote")), field),
            action === "reject" ? h("div", { class: "templates" }, [1, 2, 3].map((n) => h("button", { class: "chip", type: "button", onclick: () => { field.value = t(`flight.template.${n}`); field.dispatchEvent(new Event("input")); field.focus(); } }, t(`flight.template.${n}`)))) : null,
            h("div", { role: "alert" }, () => (error.value ? (error.value.status !== undefined ? problemNotice(error.value) : h("p", { class: "inline-error" }, icon("warn"), error.value.message)) : null)),
            h("div", { class: "actions" },
                h("button", { class: "button", type: "button", onclick: () => dialog.close() }, t("app.cancel")),
                h("button", { class: action === "reject" ? "button bad" : "button primary", type: "submit", disabled: () => busy.value }, t(action === "reject" ? "flight.confirmReject" : "flight.confirmAccept")))));
        field.focus();
    }

    // ——— the tabs below ———
    const summary = () => {
        const now = flight.value;
        const plan = now.planned ?? {};
        const report = now.pirep ?? {};
        const f = now.figures ?? {};
        const rows = [
            [t("flights.route"), `${plan.dep || now.dep || "????"} → ${plan.arr || now.arr || "????"}`, `${now.dep || "????"} → ${now.arr || "????"}`],
            [t("flight.departure"), dateTime(plan.departure), dateTime(now.oooi?.out_at)],
            [t("flight.arrival"), dateTime(plan.arrival), dateTime(now.oooi?.in_at)],
            [t("flight.block"), duration(plan.block_min), duration(f.block_min)],
            [t("flight.distance"), miles(plan.distance_nm), miles(f.distance_nm)],
            [t("flight.level"), altitude(plan.level_ft), altitude(f.max_alt_ft)],
            [t("flight.type"), plan.type || DASH, now.type || DASH],
            [t("flight.alternate"), plan.alternate || DASH, ""],
        ];
        const facts = [
            [t("flight.route"), plan.route || report.route], [t("flight.registration"), now.reg], [t("flight.network"), now.network ?? report.network], [t("flight.tracker"), now.adapter],
            [t("flight.pax"), report.pax === null || report.pax === undefined ? null : integer(report.pax)], [t("flight.cargo"), report.cargo_kg === null || report.cargo_kg === undefined ? null : mass(report.cargo_kg)],
            [t("flight.positions"), f.positions ? `${integer(f.positions)}${f.median_interval_s ? `, ${t("flight.interval", { n: f.median_interval_s })}` : ""}` : null],
        ].filter(([, value]) => value);
        return [
            h("table", { class: "compare" }, h("thead", {}, h("tr", {}, h("th", {}), h("th", { scope: "col" }, t("flight.planned")), h("th", { scope: "col" }, t("flight.flown")))),
                h("tbody", {}, rows.filter(([, a, b]) => (a && a !== DASH) || (b && b !== DASH)).map(([name, a, b]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { dir: "auto" }, a), h("td", { dir: "auto" }, b))))),
            h("table", { class: "compare" }, h("tbody", {}, facts.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { dir: "auto" }, value))))),
            report.comments ? h("div", { class: "stack" }, h("h3", {}, t("flight.comment")), h("p", { class: "comment", dir: "auto" }, report.comments)) : null,
        ];
    };
    const log = () => {
        const lines = pirep()?.log ?? [];
        return lines.length ? h("ol", { class: "log mono", tabindex: "0", "aria-label": t("flight.tab.log") }, lines.map((text) => h("li", { dir: "auto" }, typeof text === "string" ? text : JSON.stringify(text)))) : h("p", { class: "muted" }, t("flight.noLog"));
    };
    const history = () => {
        const all = flight.value.history ?? [];
        return all.length ? h("ol", { class: "history" }, all.map((each) => h("li", {}, h("time", { class: "muted nowrap", title: each.event }, dateTime(each.at, true)),
            h("span", { dir: "auto" }, each.text || each.event, each.by ? h("span", { class: "muted" }, ` · ${each.by === "rules" ? t("flight.byRules") : each.by}`) : null)))) : h("p", { class: "muted" }, t("flight.noHistory"));
    };
    /** Fetched, not linked: a link cannot carry the credential of a flight that is not public. */
    async function download(kind) {
        try {
            const file = await api.file(kind === "geojson" ? `${base}/track` : `${base}/track.${kind}`, kind === "geojson" ? "application/geo+json, application/json" : "*/*");
            const url = URL.createObjectURL(file);
            const link = h("a", { href: url, download: `${String(flight.peek().callsign || "flight").replace(/[^\w-]+/g, "_").slice(0, 40)}-${flight.peek().dep}-${flight.peek().arr}.${kind}` });
            document.body.append(link);
            /** @type {HTMLAnchorElement} */ (link).click();
            link.remove();
            setTimeout(() => URL.revokeObjectURL(url), 10_000);
        } catch (problem) {
            toast(problem.status === 0 ? t("error.offline") : problem.message);
        }
    }
    const files = () => h("div", { class: "files" }, ["gpx", "kml", "csv", "geojson"].map((kind) =>
        h("a", { class: "file", href: `/v1${base}/track${kind === "geojson" ? "" : `.${kind}`}`, dataset: { file: kind }, onclick: (event) => { event.preventDefault(); download(kind); } },
            icon("download"), h("span", {}, h("strong", {}, `.${kind}`), h("span", { class: "muted" }, t(`flight.file.${kind}`))))));
    const TABS = /** @type {const} */ ([["summary", summary], ["log", log], ["history", history], ["files", files]]);
    const tabs = h("section", { class: "card" },
        h("div", { class: "tabs", role: "tablist", onkeydown: (event) => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (!step) return;
            const names = TABS.map(([name]) => name);
            tab.value = names[(names.indexOf(/** @type {any} */ (tab.peek())) + step + names.length) % names.length];
            document.getElementById(`tab-${tab.peek()}`)?.focus();
        } }, TABS.map(([name]) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "tab-panel", "aria-selected": () => String(tab.value === name), tabindex: () => (tab.value === name ? "0" : "-1"), onclick: () => { tab.value = name; } }, t(`flight.tab.${name}`)))),
        h("div", { class: "card-body stack", role: "tabpanel", id: "tab-panel", "aria-labelledby": () => `tab-${tab.value}` }, () => TABS.find(([name]) => name === tab.value)?.[1]()));

    const legend = h("figure", { class: "legend", "aria-label": t("legend.title") }, h("div", { class: "legend-steps" }, [t("legend.ground"), "0–10", "10–20", "20–30", "30–40", "40+"].slice(0, ALTITUDE.dark.length).map((label, k) =>
        h("span", { class: "legend-step" }, h("span", { class: "swatch", "data-k": String(k) }), label))));

    return [
        head,
        oooi,
        h("div", { class: "flight-grid" },
            h("div", { class: "flight-main" },
                h("section", { class: "card" },
                    h("div", { class: "flight-map" }, canDraw ? map : emptyState("info", t("live.noMap")),
                        () => (!(track.value?.geometry?.coordinates?.length) ? emptyState("plane", t("flight.noTrack")) : null),
                        canDraw ? h("div", { class: "map-tools" },
                            iconButton({ icon: "plus", label: t("map.zoomIn"), onclick: () => map.map?.zoomIn() }),
                            iconButton({ icon: "minus", label: t("map.zoomOut"), onclick: () => map.map?.zoomOut() }),
                            iconButton({ icon: "fit", label: t("map.fit"), onclick: whole })) : null,
                        legend)),
                () => (chart.value?.t?.length ? h("section", { class: "card" },
                    h("div", { class: "card-head" }, h("h2", {}, t("flight.profile")), clockBox,
                        h("button", { class: "button quiet", type: "button", hidden: () => !zoomed.value, onclick: whole }, icon("fit"), t("flight.reset"))),
                    chartBox, figures) : h("section", { class: "card" }, figures)),
                tabs),
            h("div", { class: "flight-side" }, decisionCard, findingsCard)),
    ];
}
