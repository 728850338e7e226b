/**
 * Profiles of a flight over one time axis: altitude, speed, vertical speed, fuel. Bands and threshold lines come from the
 * evidence of the findings; nothing is judged again here.
 */
import { h, effect } from "../reactive.js";
import { t } from "../i18n.js";
import { altitude, speed, mass, time, integer, DASH } from "../format.js";

const vendor = (name) => new URL(`../../vendor/${name}`, import.meta.url).href;
/** @type {Promise<any> | null} */
let engine = null;
function loadEngine() {
    engine ??= new Promise((resolve, reject) => {
        const sheet = document.createElement("link");
        sheet.rel = "stylesheet";
        sheet.href = vendor("uplot.min.css");
        const script = document.createElement("script");
        script.src = vendor("uplot.iife.min.js");
        script.onload = () => resolve(/** @type {any} */ (window).uPlot);
        script.onerror = () => { engine = null; reject(new Error("chart engine")); };
        document.head.append(sheet, script);
    });
    return engine;
}

const TONES = { critical: "--critical", major: "--major", minor: "--minor", info: "--accent", unknown: "--unknown" };
const STEPS = [0, 10_000, 20_000, 30_000, 40_000];

/**
 * @param {any} data answer of `/profile`
 * @param {{bands: () => any[], chosen: () => any, theme: () => string, onCursor: (at: number | null) => void, onRange: (range: [number, number] | null) => void}} view
 */
export async function profile(data, view) {
    const uPlot = await loadEngine();
    const x = data.t.map((each) => each / 1000);
    const specs = [
        { key: "alt", name: t("flight.altitude"), values: data.alt_ft, unit: "ft", height: 168, format: (v) => altitude(v), fill: true },
        { key: "gs", name: t("flight.speed"), values: data.gs_kt, unit: "kt", height: 112, format: speed },
        { key: "vs", name: t("flight.vs"), values: data.vs_fpm, unit: "fpm", height: 104, format: (v) => (v === null || v === undefined ? DASH : `${integer(v)} fpm`) },
        { key: "fuel", name: t("flight.fuelChart"), values: data.fuel_kg, unit: "kg", height: 96, format: mass },
    ].filter((spec) => Array.isArray(spec.values) && spec.values.some((value) => value !== null && value !== undefined));
    const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const group = `flight-${Math.random()}`;
    const clockText = h("span", { class: "chart-time", "aria-live": "off" });
    const root = h("div", { class: "charts" });
    /** @type {any[]} */
    let charts = [];
    let range = null;
    let setting = false;

    const paintBands = (spec) => (u) => {
        const c = u.ctx;
        const chosen = view.chosen();
        c.save();
        c.beginPath();
        c.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
        c.clip();
        for (const band of view.bands()) {
            const mine = band.finding === chosen;
            const left = u.valToPos(band.first, "x", true);
            const right = u.valToPos(band.last, "x", true);
            const middle = (left + right) / 2;
            // An event of a second would be less than a pixel wide: shown as at least a few.
            const wide = Math.max(right - left, 4 * devicePixelRatio);
            c.fillStyle = css(TONES[band.tone]);
            c.globalAlpha = mine ? 0.34 : 0.2;
            c.fillRect(middle - wide / 2, u.bbox.top, wide, u.bbox.height);
            c.globalAlpha = mine ? 0.95 : 0.5;
            c.fillRect(middle - wide / 2, u.bbox.top, wide, 2 * devicePixelRatio);
            const limit = band.threshold;
            if (limit && limit.unit === spec.unit && (mine || !chosen)) {
                // Touchdown limits are told as a positive rate; the profile counts down as negative.
                const value = spec.key === "vs" && Math.abs(limit.value) > 0 ? -Math.abs(limit.value) : limit.value;
                const y = Math.round(u.valToPos(value, "y", true)) + 0.5;
                c.globalAlpha = 1;
                c.strokeStyle = css(TONES[band.tone]);
                c.lineWidth = 1.5 * devicePixelRatio;
                c.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
                c.beginPath();
                c.moveTo(mine ? u.bbox.left : Math.max(u.bbox.left, middle - wide / 2 - 60), y);
                c.lineTo(mine ? u.bbox.left + u.bbox.width : Math.min(u.bbox.left + u.bbox.width, middle + wide / 2 + 60), y);
                c.stroke();
                c.setLineDash([]);
            }
        }
        c.restore();
    };

    const stroke = (spec) => (u) => {
        if (spec.key !== "alt") return css(spec.key === "gs" ? "--accent" : "--muted");
        const top = u.valToPos(u.scales.y.max, "y", true);
        const bottom = u.valToPos(u.scales.y.min, "y", true);
        if (!Number.isFinite(top) || !Number.isFinite(bottom) || top === bottom) return css("--alt1");
        const gradient = u.ctx.createLinearGradient(0, bottom, 0, top);
        const { min, max } = u.scales.y;
        for (let i = 0; i < STEPS.length; i += 1) {
            const from = (STEPS[i] - min) / (max - min);
            const to = ((STEPS[i + 1] ?? 90_000) - min) / (max - min);
            if (to < 0 || from > 1) continue;
            gradient.addColorStop(Math.max(0, from), css(`--alt${i + 1}`));
            gradient.addColorStop(Math.min(1, to), css(`--alt${i + 1}`));
        }
        return gradient;
    };

    function make() {
        for (const chart of charts) chart.destroy();
        charts = [];
        root.replaceChildren();
        const width = Math.max(200, root.clientWidth - 16);
        specs.forEach((spec, i) => {
            const value = h("output", {}, "");
            const box = h("div", { class: "chart", "data-chart": spec.key }, h("h3", {}, spec.name, value));
            root.append(box);
            const last = i === specs.length - 1;
            const axis = { stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
            const chart = new uPlot({
                width, height: spec.height + (last ? 26 : 0), legend: { show: false }, ms: 1e-3, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"), padding: [6, 20, last ? 0 : 4, 0],
                cursor: { sync: { key: group, setSeries: false }, y: false, points: { size: 8 }, drag: { x: true, y: false, setScale: true } },
                scales: {
                    x: { time: true },
                    y: { range: (_u, min, max) => (spec.key === "vs" ? [Math.min(-1000, min * 1.1), Math.max(1000, max * 1.1)] : [spec.key === "alt" ? Math.min(0, min) : 0, Math.max(spec.key === "alt" ? 5000 : 50, max * 1.08)]) },
                },
                axes: [
                    { ...axis, show: true, size: last ? 26 : 0, values: (_u, splits) => (last ? splits.map((at) => time(new Date(at * 1000).toISOString())) : []), space: 80 },
                    { ...axis, size: 56, space: 26, values: (_u, splits) => splits.map((v) => (spec.key === "alt" && v >= 1000 ? `${v / 1000}k` : integer(v))) },
                ],
                series: [{}, { stroke: stroke(spec), width: 1.75, points: { show: false }, spanGaps: false, ...(spec.fill ? { fill: () => `color-mix(in srgb, ${css("--accent")} 9%, transparent)` } : {}) }],
                hooks: {
                    drawClear: [paintBands(spec)],
                    setCursor: [(u) => {
                        const idx = u.cursor.idx;
                        value.textContent = idx === null || idx === undefined ? "" : spec.format(spec.values[idx]);
                        if (i === 0) {
                            clockText.textContent = idx === null || idx === undefined ? "" : time(new Date(data.t[idx]).toISOString(), true);
                            view.onCursor(idx === null || idx === undefined ? null : data.t[idx]);
                        }
                    }],
                    setScale: [(u, key) => {
                        if (key !== "x" || setting) return;
                        setting = true;
                        const { min, max } = u.scales.x;
                        const whole = min <= x[0] && max >= x[x.length - 1];
                        range = whole ? null : [min, max];
                        for (const other of charts) if (other !== u) other.setScale("x", { min, max });
                        setting = false;
                        view.onRange(/** @type {any} */ (range));
                    }],
                },
            }, [x, spec.values], box);
            const over = chart.over;
            over.tabIndex = 0;
            over.setAttribute("role", "slider");
            over.setAttribute("aria-label", spec.name);
            over.setAttribute("aria-valuetext", "");
            over.addEventListener("keydown", (event) => {
                const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
                if (!step) return;
                event.preventDefault();
                const from = chart.cursor.idx ?? chart.valToIdx((chart.scales.x.min + chart.scales.x.max) / 2);
                const to = Math.max(0, Math.min(x.length - 1, from + step * (event.shiftKey ? 10 : 1)));
                chart.setCursor({ left: chart.valToPos(x[to], "x"), top: 10 }, true);
                over.setAttribute("aria-valuetext", `${time(new Date(data.t[to]).toISOString(), true)}, ${spec.format(spec.values[to])}`);
            });
            charts.push(chart);
        });
        if (range) zoom(range[0], range[1]);
    }

    function zoom(from, to) {
        setting = true;
        range = from === null ? null : [from, to];
        for (const chart of charts) chart.setScale("x", from === null ? { min: x[0], max: x[x.length - 1] } : { min: from, max: to });
        setting = false;
    }

    const watch = new ResizeObserver(() => {
        const width = Math.max(200, root.clientWidth - 16);
        for (const chart of charts) if (Math.abs(chart.width - width) > 1) chart.setSize({ width, height: chart.height });
    });
    let started = false;
    return {
        root,
        clockText,
        /** Called once the element is in the page, so that it has a width. */
        start() {
            if (started) return;
            started = true;
            effect(() => { view.theme(); make(); });
            watch.observe(root);
        },
        redraw() { for (const chart of charts) chart.redraw(false, false); },
        zoom,
        whole() { zoom(null, null); },
        range: () => range,
        /** Puts the cursor at a moment, as when somebody points at the track. */
        point(at) {
            const chart = charts[0];
            if (!chart || at === null) return;
            chart.setCursor({ left: chart.valToPos(at / 1000, "x"), top: 10 }, true);
        },
        /** For tests: where a value lies, in CSS pixels of the chart's drawing area. */
        probe(key, value) { const i = specs.findIndex((spec) => spec.key === key); return charts[i]?.valToPos(value, "y"); },
        stop() { watch.disconnect(); for (const chart of charts) chart.destroy(); charts = []; },
    };
}
